// Serves the build: its files from the disk, everything else by React Router.
import { createRequestListener } from '@react-router/node'
import express from 'express'

const { PORT = '3000' } = process.env
const build = await import(`${import.meta.dirname}/build/server/index.js`)
const server = express().use(express.static('build/client'), createRequestListener({ build }))
server.listen(Number(PORT), 'localhost', () => console.log(`Open http://localhost:${PORT}`))
