import { createApp } from 'vue'
import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/el-overlay.css'
import 'element-plus/theme-chalk/el-dialog.css'
import './ui/theme.css'
import App from './App.vue'
import { i18n, language, speak } from './i18n'
import { router } from './router'
import { surround } from './wire/http'
import { forget, signedIn } from './wire/session'

surround({
  language,
  person: () => signedIn.value?.id ?? null,
  sentence: (code) => i18n.global.t(`shell.problem.${code}`),
  signed_out: () => {
    forget()
    const { fullPath, name } = router.currentRoute.value
    // before an applicant there is never the form of the staff: his screen says itself that he is to wait
    if (name !== 'sign_in' && name !== 'applicant')
      void router.replace({ name: 'sign_in', query: { then: fullPath, ended: '1' } })
  },
})

// the first page is fetched while its words are
const words = speak(language())
const app = createApp(App).use(i18n).use(router)
await words
app.mount('#app')
