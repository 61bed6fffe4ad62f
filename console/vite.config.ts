// How the dashboard is built: the Worker serves it below /console.
import { resolve } from 'node:path'
import { pageConfig } from '../ui/vite.ts'

const root = import.meta.dirname

export default pageConfig({ root, outDir: resolve(root, 'dist'), base: '/console/' })
