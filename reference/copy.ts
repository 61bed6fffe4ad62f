// What the reference does with a script: buttons that copy, and lines that name the address of this service.
import { SERVICE } from './service.ts'

const COPIED_MILLISECONDS = 2_000

for (const pre of document.querySelectorAll('pre')) {
  const code = pre.querySelector('code')
  const { textContent } = code ?? {}
  if (!code || !textContent) continue
  code.textContent = textContent.replaceAll(SERVICE, location.origin)
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy'
  button.textContent = 'Copy'
  button.setAttribute('aria-label', `Copy ${pre.getAttribute('aria-label')}`)
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(code.textContent ?? '').then(() => {
      button.textContent = 'Copied'
      setTimeout(() => {
        button.textContent = 'Copy'
      }, COPIED_MILLISECONDS)
    })
  })
  pre.before(button)
}
