// How our pages are built: from their folder into dist/, which a Worker serves. A page imports `countersign` as
// any application does; only this file maps the names to the sources.
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig, type HtmlTagDescriptor, type UserConfig } from 'vite'

const at = (path: string): string => resolve(import.meta.dirname, path)

/** What every page has; its index.html holds what is its own. */
const COMMON: HtmlTagDescriptor[] = [
  { tag: 'meta', attrs: { charset: 'utf-8' } },
  { tag: 'meta', attrs: { name: 'viewport', content: 'width=device-width, initial-scale=1' } },
  { tag: 'meta', attrs: { name: 'color-scheme', content: 'light dark' } },
  { tag: 'link', attrs: { rel: 'icon', type: 'image/svg+xml', href: './icon.svg' } },
  { tag: 'script', attrs: { type: 'module', src: './main.tsx' } },
  { tag: 'div', attrs: { id: 'root' }, injectTo: 'body' },
  { tag: 'noscript', children: 'This page needs JavaScript.', injectTo: 'body' },
]

interface PageOptions {
  /** The folder of index.html. */
  root: string
  outDir: string
  /** The path below which the Worker serves the page. */
  base?: string
}

/** Returns the configuration of one page. */
export const pageConfig = ({ root, outDir, base = '/' }: PageOptions): UserConfig =>
  defineConfig({
    root,
    base,
    plugins: [
      react(),
      // Before Vite itself, which then finds the script and the icon.
      { name: 'common', transformIndexHtml: { order: 'pre', handler: () => COMMON } },
    ],
    resolve: {
      // Longer names come first: an alias also matches every name that starts with it.
      alias: {
        'countersign/react/dialog.css': at('../client/react/dialog.css'),
        'countersign/react/query': at('../client/react/query.ts'),
        'countersign/react': at('../client/react.ts'),
        'countersign/dpop': at('../client/dpop.ts'),
        'countersign/receipt': at('../client/receipt.ts'),
        'countersign/contract': at('../contract/index.ts'),
        countersign: at('../client/index.ts'),
      },
    },
    build: {
      outDir,
      emptyOutDir: true,
      // The page's content security policy allows nothing inline, and `data:` pictures only where it must.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  })
