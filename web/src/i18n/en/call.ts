import type zh from '../zh-CN/call'
import type { Words } from '../words'

const call: Words<typeof zh> = {}

export default call
