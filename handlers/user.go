package handlers

import (
	"maps"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/api"
	"gensubtitle/auth"
	"gensubtitle/db"
	"gensubtitle/views"
)

// userBody is what an admin sends of a user; what is left out stays as it is.
type userBody struct {
	Username      string   `json:"username"`
	Password      *string  `json:"password"`
	ResetPassword bool     `json:"reset_password"`
	Role          *db.Role `json:"role"`
	Disabled      *bool    `json:"disabled"`
}

// createUserForAdmin makes an account for somebody else, also where
// registration is closed.
func (s *Server) createUserForAdmin(c *fiber.Ctx) error {
	in, err := readUser(c)
	if err != nil {
		return err
	}
	wrong := map[string]fieldText{}
	name, err := auth.ParseUsername(in.Username)
	if err != nil {
		wrong["username"] = func(f *views.Fields) string { return f.UsernameInvalid }
	}
	maps.Copy(wrong, in.wrong())
	if len(wrong) > 0 {
		return invalid(wrong)
	}
	in.ResetPassword = in.Password == nil
	password, hash, err := s.newPassword(c, in)
	if err != nil {
		return err
	}
	role := db.RoleUser
	if in.Role != nil {
		role = *in.Role
	}
	_, err = s.DB.CreateUser(c.UserContext(), db.NewUser{
		Name: name.Name, Key: name.Key, SessionID: name.SessionID(), PasswordHash: *hash, Role: role,
	})
	if err != nil {
		return err
	}
	return s.answerUser(c, fiber.StatusCreated, name.SessionID(), password)
}

// changeUser changes role, password, and whether somebody may sign in.
func (s *Server) changeUser(c *fiber.Ctx) error {
	key, err := userKey(c)
	if err != nil {
		return err
	}
	in, err := readUser(c)
	if err != nil {
		return err
	}
	if wrong := in.wrong(); len(wrong) > 0 {
		return invalid(wrong)
	}
	password, hash, err := s.newPassword(c, in)
	if err != nil {
		return err
	}
	u, err := s.DB.ChangeUser(c.UserContext(), key, db.UserChange{Role: in.Role, Disabled: in.Disabled, PasswordHash: hash})
	if err != nil {
		return err
	}
	return s.answerUser(c, fiber.StatusOK, u.SessionID, password)
}

// deleteUser ends an account. Its files go; the name and the quota session stay.
func (s *Server) deleteUser(c *fiber.Ctx) error {
	key, err := userKey(c)
	if err != nil {
		return err
	}
	if err := s.House.DeleteUser(c.UserContext(), key); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

func (s *Server) answerUser(c *fiber.Ctx, status int, sessionID, password string) error {
	session, err := s.DB.Session(c.UserContext(), sessionID)
	if err != nil {
		return err
	}
	return c.Status(status).JSON(api.Account{AdminSession: api.AdminSessionOf(session), Password: password})
}

// newPassword hashes the password that was sent, or makes one up, which is
// returned, where that was asked for. The hash is nil where neither was.
func (s *Server) newPassword(c *fiber.Ctx, in userBody) (made string, hash *string, err error) {
	password := in.Password
	switch {
	case in.ResetPassword:
		made = auth.RandomPassword()
		password = &made
	case password == nil:
		return "", nil, nil
	}
	hashed, err := s.Hasher.Hash(c.UserContext(), *password)
	return made, &hashed, err
}

// wrong says what is wrong with each field.
func (in userBody) wrong() map[string]fieldText {
	wrong := map[string]fieldText{}
	if in.Password != nil && auth.CheckPassword(*in.Password) != nil {
		wrong["password"] = func(f *views.Fields) string { return f.PasswordLength }
	}
	if in.Password != nil && in.ResetPassword {
		wrong["reset_password"] = func(f *views.Fields) string { return f.PasswordTwice }
	}
	if in.Role != nil && *in.Role != db.RoleUser && *in.Role != db.RoleAdmin {
		wrong["role"] = func(f *views.Fields) string { return f.RoleInvalid }
	}
	return wrong
}

func readUser(c *fiber.Ctx) (userBody, error) {
	var in userBody
	err := readJSON(c, &in)
	return in, err
}

// userKey is that of the name in the path, in whatever spelling.
func userKey(c *fiber.Ctx) (string, error) {
	given, err := pathParam(c, "username")
	if err != nil {
		return "", err
	}
	name, err := auth.ParseUsername(given)
	if err != nil {
		return "", errNoRoute
	}
	return name.Key, nil
}
