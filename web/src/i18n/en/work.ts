import acting from './acting'
import call from './call'
import check from './check'
import desk from './desk'
import enquiry from './enquiry'
import limits from './limits'
import phone from './phone'
import record from './record'
import sources from './sources'
import talk from './talk'

/** The words of every desk but the log's: read before the first of them is shown. */
export default { acting, call, check, limits, phone, enquiry, record, desk, sources, talk }
