// How the wallet's page is built: from page/ into dist/, which the Worker serves.
import { resolve } from 'node:path'
import { pageConfig } from '../../ui/vite.ts'

const at = (folder: string): string => resolve(import.meta.dirname, folder)

export default pageConfig({ root: at('page'), outDir: at('dist') })
