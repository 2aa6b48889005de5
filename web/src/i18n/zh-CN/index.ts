import audit from './audit'
import call from './call'
import desk from './desk'
import record from './record'
import shell from './shell'
import talk from './talk'
import turned from './turned'

export default { shell, call, record, desk, audit, talk, turned }
