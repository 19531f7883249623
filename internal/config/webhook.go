package config

import (
	"fmt"

	"gensubtitle/internal/webhook"
)

// Webhook says whom to tell of videos and subtitles.
type Webhook struct {
	WebhookURL    string `env:"GENSUB_WEBHOOK_URL" name:"webhook-url" help:"Address that is told when a video was accepted and when its subtitles are done or failed."`
	WebhookSecret string `env:"GENSUB_WEBHOOK_SECRET" help:"Secret that signs what is told: whsec_ and base64, or 16 characters or more."`
}

func (s Webhook) check() error {
	if s.WebhookURL == "" {
		return nil
	}
	if err := webhook.CheckURL(s.WebhookURL); err != nil {
		return fmt.Errorf("--webhook-url: %w", err)
	}
	if _, err := webhook.Key(s.WebhookSecret); err != nil {
		return fmt.Errorf("--webhook-secret: %w", err)
	}
	return nil
}
