package handlers

import (
	"github.com/gofiber/fiber/v2/middleware/compress"
	"github.com/gofiber/fiber/v2/middleware/recover"

	"gensubtitle/db"
	"gensubtitle/internal/media"
)

// routes is the whole of what the program answers. Behind signIn stands what
// takes a real sign-in; read, upload and admin also let personal tokens in that
// have the scope.
func (s *Server) routes() {
	a := s.app
	a.Use(s.observe)
	a.Use(recover.New(recover.Config{EnableStackTrace: true, StackTraceHandler: s.logPanic}))
	a.Use(s.guardHost, s.guardOrigin)

	read, upload, admin := s.signInOr(db.ScopeRead), s.signInOr(db.ScopeUpload), s.signInOr(db.ScopeAdmin)

	// What a full disk means for what is asked for.
	a.Use([]string{"/login", "/register"}, onFullDisk(errFullSignIn))
	a.Use([]string{"/upload-video", "/files"}, onFullDisk(errFullUpload))
	a.Use("/videos/:id/subtitles", onFullDisk(errFullSubtitles))

	packed := compress.New(compress.Config{Level: compress.LevelBestSpeed})
	a.Get("/healthz", s.health)
	a.Get("/readyz", s.readiness)
	a.Get("/static/:name", packed, s.asset)
	a.Get("/favicon.ico", s.favicon)
	a.Get("/openapi.json", packed, s.openAPI)
	a.Get("/docs", packed, s.visit, s.docsPage)

	a.Get("/login", packed, s.visit, s.loginPage)
	a.Post("/login", smallBody, s.login)
	a.Get("/register", packed, s.visit, s.registerPage)
	a.Post("/register", smallBody, s.register)
	a.Post("/logout", smallBody, s.signIn, s.logout)
	a.Post("/language", smallBody, s.switchLanguage)

	a.Get("/account", packed, s.signIn, s.accountPage)
	a.Post("/account/password", smallBody, s.signIn, s.changePassword)
	a.Get("/account/engine-prompt", s.signIn, s.enginePrompt)
	a.Put("/account/engine-prompt", smallBody, s.signIn, s.setEnginePrompt)
	a.Post("/account/engine-prompt", smallBody, s.signIn, s.setEnginePrompt)
	a.Get("/account/sign-ins", s.signIn, s.listSignIns)
	a.Delete("/account/sign-ins", s.signIn, s.endOtherSignIns)
	a.Get("/account/sign-ins/end", s.signIn, s.confirmEndOthers)
	a.Post("/account/sign-ins/end", smallBody, s.signIn, s.endOtherSignIns)
	a.Delete("/account/sign-ins/:id", s.signIn, s.endSignIn)
	a.Get("/account/sign-ins/:id/end", s.signIn, s.confirmEndSignIn)
	a.Post("/account/sign-ins/:id/end", smallBody, s.signIn, s.endSignIn)
	a.Get("/account/tokens", s.signIn, s.listAPITokens)
	a.Post("/account/tokens", smallBody, s.signIn, s.createAPIToken)
	a.Delete("/account/tokens/:id", s.signIn, s.revokeAPIToken)
	a.Get("/account/tokens/:id/revoke", s.signIn, s.confirmRevoke)
	a.Post("/account/tokens/:id/revoke", smallBody, s.signIn, s.revokeAPIToken)

	a.Get("/limits", s.visit, s.limits)
	a.Get("/user/session", read, s.userSession)

	a.Get("/", packed, s.signIn, s.home)
	a.Get("/quota", s.signIn, s.quotaWidget)

	a.Post("/upload-video", upload, s.uploadVideo)
	a.Get("/videos", packed, read, s.listVideos)
	a.Get("/videos/:id", read, s.holdText, packed, s.showVideo)
	a.Get("/videos/:id/file", read, s.videoFile)
	a.Get("/videos/:id/thumbnail", read, s.thumbnail)
	a.Delete("/videos/:id", upload, s.deleteVideo)
	a.Get("/videos/:id/delete", s.signIn, s.confirmDelete)
	a.Post("/videos/:id/delete", smallBody, s.signIn, s.deleteVideo)

	a.Get("/videos/:id/subtitles", read, s.holdText, packed, s.showSubtitles)
	a.Post("/videos/:id/subtitles", smallBody, upload, s.orderSubtitles)
	a.Put("/videos/:id/subtitles", upload, s.textBody, s.holdText, s.saveSubtitles)
	a.Delete("/videos/:id/subtitles", upload, s.cancelSubtitles)
	a.Post("/videos/:id/subtitles/cancel", smallBody, s.signIn, s.cancelSubtitles)
	a.Post("/videos/:id/subtitles/file", s.signIn, s.textBody, s.holdText, s.sendSubtitles)
	a.Post("/videos/:id/subtitles/track", smallBody, upload, s.holdText, s.takeTrack)
	a.Post("/videos/:id/subtitles/restore", smallBody, upload, s.holdText, s.restoreSubtitles)
	a.Get("/videos/:id/subtitles.vtt", read, s.holdText, packed, s.subtitleFile(formatVTT))
	a.Get("/videos/:id/subtitles.srt", read, s.holdText, packed, s.subtitleFile(formatSRT))
	a.Get("/videos/:id/subtitles.txt", read, s.holdText, packed, s.subtitleFile(formatTXT))
	a.Get("/videos/:id/subtitles.json", read, s.holdText, packed, s.subtitleFile(formatJSON))
	a.Get("/videos/:id/subtitled.mkv", read, s.subtitledVideo(media.MKV))
	a.Get("/videos/:id/subtitled.mp4", read, s.subtitledVideo(media.MP4))

	a.Options("/files", resumable, s.visit, s.tusProtocol)
	a.Post("/files", resumable, upload, spokenVersion, s.createUpload)
	a.Head("/files/:id", resumable, upload, spokenVersion, s.uploadOffset)
	a.Patch("/files/:id", resumable, upload, spokenVersion, s.receiveChunk)
	a.Delete("/files/:id", resumable, upload, spokenVersion, s.terminateUpload)
	a.Post("/files/:id", resumable, upload, spokenVersion, s.overriddenMethod)

	a.Get("/admin/sessions", packed, admin, adminOnly, s.listSessions)
	a.Get("/admin/overview", admin, adminOnly, s.overview)
	a.Get("/admin/sessions/reset", packed, admin, adminOnly, s.confirmResetMany)
	a.Post("/admin/sessions/reset", smallBody, admin, adminOnly, s.resetMany)
	a.Get("/admin/sessions/limits", packed, admin, adminOnly, s.confirmLimitMany)
	a.Put("/admin/sessions/limits", smallBody, admin, adminOnly, s.limitMany)
	a.Post("/admin/sessions/limits", smallBody, admin, adminOnly, s.limitMany)
	a.Get("/admin/sessions/:id", packed, admin, adminOnly, s.showSession)
	a.Get("/admin/sessions/:id/reset", s.signIn, adminOnly, s.confirmReset)
	a.Get("/admin/sessions/:id/events", packed, admin, adminOnly, s.listEvents)
	a.Get("/admin/sessions/:id/videos", packed, admin, adminOnly, s.listSessionVideos)
	a.Put("/admin/sessions/:id/limits", smallBody, admin, adminOnly, s.setLimits)
	a.Post("/admin/sessions/:id/limits", smallBody, admin, adminOnly, s.setLimits)
	a.Post("/admin/sessions/:id/correct", smallBody, admin, adminOnly, s.correctUsage)
	a.Post("/admin/users", smallBody, admin, adminOnly, s.createUserForAdmin)
	a.Patch("/admin/users/:username", smallBody, admin, adminOnly, s.changeUser)
	a.Delete("/admin/users/:username", admin, adminOnly, s.deleteUser)
	a.Post("/admin/sessions/:id/reset", smallBody, admin, adminOnly, s.resetSession)
	a.Get("/admin/users/new", packed, s.signIn, adminOnly, s.newUserPage)
	a.Get("/admin/users/:username/password", packed, s.signIn, adminOnly, s.newPasswordPage)
	a.Get("/admin/users/:username/change", s.signIn, adminOnly, s.confirmUserChange)
	a.Get("/admin/users/:username/delete", s.signIn, adminOnly, s.confirmDeleteUser)
	a.Post("/admin/users/:username", smallBody, admin, adminOnly, s.changeUser)
	a.Post("/admin/users/:username/delete", smallBody, admin, adminOnly, s.deleteUser)

	a.Get("/admin/subtitles", packed, admin, adminOnly, s.subtitleQueue)
	a.Post("/admin/subtitles/:id/cancel", smallBody, admin, adminOnly, s.cancelJob)
	a.Post("/admin/subtitles/:id/retry", smallBody, admin, adminOnly, s.retryJob)
}
