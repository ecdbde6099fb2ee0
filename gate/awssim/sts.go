package awssim

import "strings"

// SetCaller says who the requests signed with an access key are from: what
// GetCallerIdentity answers them. The account is the ARN's. Everybody else is
// the user "test" of the World's account. What a caller may do and sees is the
// same for all.
func (w *World) SetCaller(accessKey, arn string) {
	defer w.enter()()
	w.callers[accessKey] = arn
}

// caller is who signed with an access key.
func (w *World) caller(accessKey string) (arn, account string) {
	if arn, ok := w.callers[accessKey]; ok {
		if parts := strings.Split(arn, ":"); len(parts) > 4 {
			return arn, parts[4]
		}
		return arn, w.account
	}
	return "arn:aws:iam::" + w.account + ":user/test", w.account
}

func (w *World) sts() service {
	return service{
		namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		actions: map[string]action{
			"GetCallerIdentity": func(r *request) (any, error) {
				arn, account := w.caller(r.key)
				return struct{ Arn, UserId, Account string }{arn, userID, account}, nil
			},
		},
	}
}

// iam knows who is asking and nothing else: the provider asks for it to learn
// the account.
func (w *World) iam() service {
	type user struct{ Arn, UserId, UserName, Path string }
	return service{
		namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
		actions: map[string]action{
			"GetUser": func(r *request) (any, error) {
				arn, _ := w.caller(r.key)
				return struct{ User user }{user{arn, userID, "test", "/"}}, nil
			},
		},
	}
}

const userID = "AIDA0000000000000TEST"
