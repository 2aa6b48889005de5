import audit from './audit'
import call from './call'
import check from './check'
import desk from './desk'
import record from './record'
import shell from './shell'
import talk from './talk'
import turned from './turned'

export default { shell, call, check, record, desk, audit, talk, turned }
