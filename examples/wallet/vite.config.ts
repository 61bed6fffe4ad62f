// How the wallet's page is built: from page/ into dist/, which the Worker serves. `countersign` is
// imported as any application imports it; only this file maps it to its sources.
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const at = (path: string): string => resolve(import.meta.dirname, path)

export default defineConfig({
  root: at('page'),
  plugins: [react()],
  resolve: {
    // The longer names first: an alias also takes what begins with it.
    alias: {
      'countersign/react/dialog.css': at('../../client/react/dialog.css'),
      'countersign/react/query': at('../../client/react/query.ts'),
      'countersign/react': at('../../client/react.ts'),
      'countersign/contract': at('../../contract/index.ts'),
      countersign: at('../../client/index.ts'),
    },
  },
  build: {
    outDir: at('dist'),
    emptyOutDir: true,
    // The policy of the page allows nothing inline, and a `data:` picture only where it must.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})
