import { route } from '@react-router/dev/routes'

export default [route('refund', 'refund.ts'), route('jwks.json', 'key-set.ts')]
