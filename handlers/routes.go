package handlers

import (
	"github.com/gofiber/fiber/v2/middleware/compress"
	"github.com/gofiber/fiber/v2/middleware/recover"
)

// routes is the whole of what the program answers.
func (s *Server) routes() {
	a := s.app
	a.Use(s.observe)
	a.Use(recover.New(recover.Config{EnableStackTrace: true, StackTraceHandler: s.logPanic}))
	a.Use(s.guardHost, s.guardOrigin)

	packed := compress.New(compress.Config{Level: compress.LevelBestSpeed})
	a.Get("/healthz", s.health)
	a.Get("/readyz", s.readiness)
	a.Get("/static/:name", packed, s.asset)
	a.Get("/favicon.ico", s.favicon)
	a.Get("/openapi.json", packed, s.openAPI)

	a.Get("/login", packed, s.visit, s.loginPage)
	a.Post("/login", smallBody, s.login)
	a.Get("/register", packed, s.visit, s.registerPage)
	a.Post("/register", smallBody, s.register)
	a.Post("/logout", smallBody, s.signIn, s.logout)
	a.Post("/language", smallBody, s.switchLanguage)

	a.Get("/limits", s.visit, s.limits)
	a.Get("/user/session", s.signIn, s.userSession)

	a.Get("/", packed, s.signIn, s.home)
	a.Get("/quota", s.signIn, s.quotaWidget)

	a.Post("/upload-video", s.signIn, s.uploadVideo)
	a.Get("/videos", packed, s.signIn, s.listVideos)
	a.Get("/videos/:id", s.signIn, s.showVideo)
	a.Get("/videos/:id/file", s.signIn, s.videoFile)
	a.Get("/videos/:id/thumbnail", s.signIn, s.thumbnail)
	a.Delete("/videos/:id", s.signIn, s.deleteVideo)
	a.Get("/videos/:id/delete", s.signIn, s.confirmDelete)
	a.Post("/videos/:id/delete", smallBody, s.signIn, s.deleteVideo)

	a.Options("/files", s.visit, resumable, s.tusProtocol)
	a.Post("/files", s.signIn, resumable, s.createUpload)
	a.Head("/files/:id", s.signIn, resumable, s.uploadOffset)
	a.Patch("/files/:id", s.signIn, resumable, s.receiveChunk)
	a.Delete("/files/:id", s.signIn, resumable, s.terminateUpload)
	a.Post("/files/:id", s.signIn, resumable, s.overriddenMethod)

	a.Get("/admin/sessions", packed, s.signIn, adminOnly, s.listSessions)
	a.Get("/admin/sessions/:id", packed, s.signIn, adminOnly, s.showSession)
	a.Get("/admin/sessions/:id/reset", s.signIn, adminOnly, s.confirmReset)
	a.Get("/admin/sessions/:id/events", packed, s.signIn, adminOnly, s.listEvents)
	a.Get("/admin/sessions/:id/videos", packed, s.signIn, adminOnly, s.listSessionVideos)
	a.Put("/admin/sessions/:id/limits", smallBody, s.signIn, adminOnly, s.setLimits)
	a.Post("/admin/sessions/:id/limits", smallBody, s.signIn, adminOnly, s.setLimits)
	a.Post("/admin/sessions/:id/correct", smallBody, s.signIn, adminOnly, s.correctUsage)
	a.Post("/admin/users", smallBody, s.signIn, adminOnly, s.createUserForAdmin)
	a.Patch("/admin/users/:username", smallBody, s.signIn, adminOnly, s.changeUser)
	a.Delete("/admin/users/:username", s.signIn, adminOnly, s.deleteUser)
	a.Get("/admin/users/new", packed, s.signIn, adminOnly, s.newUserPage)
	a.Get("/admin/users/:username/password", packed, s.signIn, adminOnly, s.newPasswordPage)
	a.Get("/admin/users/:username/change", s.signIn, adminOnly, s.confirmUserChange)
	a.Post("/admin/users/:username", smallBody, s.signIn, adminOnly, s.changeUser)
	a.Get("/admin/users/:username/delete", s.signIn, adminOnly, s.confirmDeleteUser)
	a.Post("/admin/users/:username/delete", smallBody, s.signIn, adminOnly, s.deleteUser)
	a.Post("/admin/sessions/:id/reset", smallBody, s.signIn, adminOnly, s.resetSession)
}
