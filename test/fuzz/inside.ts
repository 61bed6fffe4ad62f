// What the Worker is handed beside its bindings when it is called by hand.

/** The context of one request: what goes on after the answer may fail, as it may in earnest. */
export const contextOf = (): ExecutionContext =>
  ({
    waitUntil: (work: Promise<unknown>) => {
      work.catch(() => {})
    },
    passThroughOnException: () => {},
    props: {},
  }) as unknown as ExecutionContext

/** The files of the operators' page: one page and one script. */
export const assetsOf = (): Fetcher =>
  ({
    fetch: async (input: RequestInfo | URL) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input)
      if (pathname === '/')
        return new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } })
      return new Response(null, { status: 404 })
    },
  }) as Fetcher
