import type zh from '../zh-CN/record'
import type { Words } from '../words'

const record: Words<typeof zh> = {}

export default record
