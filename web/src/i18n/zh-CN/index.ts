import audit from './audit'
import call from './call'
import check from './check'
import desk from './desk'
import limits from './limits'
import phone from './phone'
import record from './record'
import scan from './scan'
import sources from './sources'
import shell from './shell'
import talk from './talk'
import turned from './turned'

export default { shell, call, check, limits, phone, record, scan, desk, audit, sources, talk, turned }
