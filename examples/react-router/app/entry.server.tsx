import { renderToReadableStream } from 'react-dom/server'
import { type HandleDocumentRequestFunction, ServerRouter } from 'react-router'

const render: HandleDocumentRequestFunction = async ({ url }, status, headers, context) => {
  headers.set('content-type', 'text/html')
  const html = await renderToReadableStream(<ServerRouter context={context} url={url} />)
  return new Response(html, { status, headers })
}
export default render
