package api

import (
	"time"

	"gensubtitle/db"
)

// User is an account in the list of all.
type User struct {
	Username    string    `json:"username"`
	SessionID   string    `json:"session_id"`
	Role        db.Role   `json:"role"`
	Disabled    bool      `json:"disabled"`
	Deleted     bool      `json:"deleted"`
	HasPassword bool      `json:"has_password"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// UserOf is an account without what nobody may see.
func UserOf(u db.ListedUser) User {
	return User{
		Username: u.Name, SessionID: u.SessionID, Role: u.Role, Disabled: u.Disabled, Deleted: u.Deleted,
		HasPassword: u.HasPassword, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
	}
}
