// The name of the application, wherever it stands.
import icon from '../icon.svg'

export const Brand = () => (
  <p className="brand">
    <img src={icon} alt="" width="28" height="28" />
    <span>Countersign wallet</span>
  </p>
)
