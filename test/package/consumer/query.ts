// An application without TanStack Query that imports a hook which needs it.
import { useGetMfaDevices } from 'countersign/react/query'

console.log(typeof useGetMfaDevices)
