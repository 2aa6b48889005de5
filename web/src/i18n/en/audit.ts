import type zh from '../zh-CN/audit'
import type { Words } from '../words'

const audit: Words<typeof zh> = {}

export default audit
