// The documentation site. Everything that a page loads comes with it.
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const GUIDES = {
  Start: { 'Getting started': '/getting-started', Concepts: '/concepts' },
  'Your application': {
    SDK: '/sdk',
    React: '/react',
    Guard: '/guard',
    'HTTP API': '/http-api',
    'Policy and conditions': '/policy',
    'Session tokens': '/session-tokens',
    'Migrating from Dynamic': '/migrating',
  },
  'Your login': {
    'All logins': '/logins',
    'Amazon Cognito': '/logins/cognito',
    Auth0: '/logins/auth0',
    'better-auth': '/logins/better-auth',
    Clerk: '/logins/clerk',
    Dynamic: '/logins/dynamic',
    Firebase: '/logins/firebase',
    Keycloak: '/logins/keycloak',
    Logto: '/logins/logto',
    'Microsoft Entra ID': '/logins/entra',
    Okta: '/logins/okta',
    Supabase: '/logins/supabase',
    WorkOS: '/logins/workos',
  },
  'Your deployment': { Dashboard: '/dashboard', Operating: '/operating' },
  Background: {
    'Security model': '/security',
    Receipts: '/receipts',
    Evidence: '/evidence',
    Performance: '/performance',
    Scale: '/scale',
    Architecture: '/architecture',
  },
}

/** Returns the figures that `npm run bench -- --write` wrote. There may be none. */
const figures = (): string[] =>
  globSync('*.svg', { cwd: fileURLToPath(new URL('../bench/', import.meta.url)) })
    .sort()
    .map((name) => readFileSync(new URL(`../bench/${name}`, import.meta.url), 'utf8'))

export default defineConfig({
  title: 'Countersign',
  description: 'Step-up authentication at the edge, self-hosted.',
  lang: 'en',
  transformPageData: ({ relativePath, frontmatter }) =>
    relativePath === 'performance.md'
      ? { frontmatter: { ...frontmatter, figures: figures() } }
      : undefined,
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [{ text: 'Getting started', link: '/getting-started' }],
    sidebar: Object.entries(GUIDES).map(([text, pages]) => ({
      text,
      items: Object.entries(pages).map(([title, link]) => ({ text: title, link })),
    })),
  },
})
