package handlers

import (
	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gensubtitle/views"
)

// promptBody is what a user has speech engines expect in all their videos.
type promptBody struct {
	Prompt string `json:"prompt"`
}

const donePrompt = "prompt"

func (s *Server) enginePrompt(c *fiber.Ctx) error {
	prompt, err := s.DB.EnginePrompt(c.UserContext(), signedIn(c).ID)
	if err != nil {
		return err
	}
	return c.JSON(promptBody{prompt})
}

func (s *Server) setEnginePrompt(c *fiber.Ctx) error {
	var in promptBody
	c.Locals(formKey, s.promptAgain(&in))
	if err := readBody(c, &in, func() { in.Prompt = formValue(c, "prompt") }); err != nil {
		return err
	}
	prompt, ok := cleanPrompt(in.Prompt)
	if !ok {
		return invalidField("prompt", func(f *views.Fields) string { return f.PromptTooLong })
	}
	if err := s.DB.SetEnginePrompt(c.UserContext(), signedIn(c).ID, prompt); err != nil {
		return err
	}
	if wantsHTML(c) {
		return c.Redirect(accountPath+"?done="+donePrompt, fiber.StatusSeeOther)
	}
	return c.JSON(promptBody{prompt})
}

// promptAgain shows the form again, with what was typed and what was wrong.
func (s *Server) promptAgain(in *promptBody) formAgain {
	filled := func(c *fiber.Ctx, p *problem) views.PromptForm {
		t := text(c)
		return views.PromptForm{Prompt: in.Prompt, Alert: p.words(t).Detail, Errors: p.fieldErrors(t)}
	}
	return formAgain{
		alert: views.PromptAlertID,
		part:  func(c *fiber.Ctx, p *problem) templ.Component { return views.PromptFormAlert(filled(c, p)) },
		page: func(c *fiber.Ctx, p *problem) error {
			return s.renderAccount(c, p.status, func(a *views.Account) {
				form := filled(c, p)
				a.Prompt = &form
			})
		},
	}
}
