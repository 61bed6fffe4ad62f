import { jwks } from './login.server.ts'

export const loader = () => Response.json(jwks)
