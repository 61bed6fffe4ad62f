// The default instance of a page.
import { expect, it } from 'vitest'
import { getMfaDevices } from '../../client/index.ts'

it('refuses to run before an instance was made', async () => {
  await expect(getMfaDevices()).rejects.toMatchObject({ reason: 'input_invalid' })
})
