// A text as a QR code: one SVG path, made of React elements alone.
import { useId, useMemo } from 'react'
import { encode } from 'uqr'

/** Props of `QrCode`. */
export interface QrCodeProps {
  text: string
  /** What it is, for those who do not see it. */
  label: string
}

/**
 * A QR code, black on white in every theme: that is what cameras read.
 *
 * @example <QrCode text={uri} label="QR code for your authenticator app" />
 */
export function QrCode({ text, label }: QrCodeProps) {
  const id = useId()
  const { size, path } = useMemo(() => draw(text), [text])
  return (
    <svg
      className="countersign-qr"
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      role="img"
      aria-labelledby={id}
    >
      <title id={id}>{label}</title>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}

/** Runs of dark modules, row by row. The border of four is what ISO/IEC 18004 asks for. */
function draw(text: string): { size: number; path: string } {
  const { data, size } = encode(text, { ecc: 'M', border: 4 })
  const runs: string[] = []
  data.forEach((row, y) => {
    let x = 0
    while (x < row.length) {
      const start = x
      while (row[x]) x += 1
      if (x > start) runs.push(`M${start} ${y}h${x - start}v1h-${x - start}z`)
      x += 1
    }
  })
  return { size, path: runs.join('') }
}
