//! The throw-away pair that requests to the twin are signed and verified with, as PEM.
//! Not a secret: it was made for this file with `openssl genpkey`, stands in public, and moves no money
//! but a simulator's.

/// The half that signs, in PKCS#8. It opens nothing.
pub const SANDBOX_JWS_PRIVATE_KEY: &str = "\
-----BEGIN PRIVATE KEY-----\n\
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCTU1ZiCcPyIQmP\n\
1+V4BVxt+yhTt1kdqcjSiiR0otSgSlTryUlmshRftNRfBuJfjCWfg0+F+UAh97P7\n\
0OHcv2MynqkNc2tJVvNVd7G7szMjuQtQJes5Z17dNiszQjEQ4DQL6tYprMUkIzLx\n\
uf3QnIY1TPMBurpABbZdMP174culPesMS33apWNBHuZ70/swSLtug9TtnYBfdJ2W\n\
c/t6jpo5VWGKfqBPzRq0HRePh33kxvn5UUEZDSrYUIxYGwqQsa4aVPP1HFuBXlsQ\n\
k/PjTauby42u3MKMRTzU7ooFnb/M2WVRCDVmtoOT8YvflFzhlG4yvrwG5TY0aMF9\n\
Aha1tumvAgMBAAECggEAFBmrL/4QF2FtigwVOT5WAYViV6WsyXDIPv1tAuLSarop\n\
gu/4DURfpj0oOnzYdtvKqExElc1PdDL1AfbaUgFkudvOydCFA0ETOwZ1H9xPrmCJ\n\
TBqYUMErPrgsxbYStrA4OaYFKTNyxD7vLO7I0+T/JJeGkiZVUfXVjzpnYzcHz1gB\n\
s0ej1x+Rw6vnrdKdKylQgkyjUgTKL+7U/pDAK7dLD0RjhPnWr1du4cYxecf3yt34\n\
aiqHZBj8rw/cdpKRS6EcibZxt+Fgv9NE3ZPNGq6YsS3ou7SXK4weXjH8cIB5J6Lr\n\
AdphnhincX8nx8d/AMZ47DYY7SsssDA32dS36lU9qQKBgQDP74iFR+xOnvgq7HZ5\n\
i53ZtVrCA1QMU8J98a7mVRgQv+SFwAI7c3DEfb5FG/tuHkPC85AEROh3Yx8ywm1Q\n\
BctUi4l1y7yaCRp6I3Ix/dj2IE7QM9US6E7DT59dh53PhJLkEWJa+eCs0zjwftej\n\
mw98zM/pAf2f8j6YJUhvIlKyVwKBgQC1YTxyaszeFdesdxetQQT2fdHGo5D7Fu7H\n\
jOY3N7dOQ8KThFwFxgoweK00kadb1lLK6N5EcNeBSAbciu1OfDq0dv02NCo91cWg\n\
dGgKSgPSgX8tH0KGgj33s2xF2/QRFvxgVH58sHtD2F37vGAq3AAFHo5vhTlNeB8j\n\
OojNyB/caQKBgF7ivXekdG8EF9buhLm+Pk/kc//oqOffKPdz3A37crnh9xQZpGsg\n\
qKrhfnvm4vtDEETcBDIOh85DCy+MjXlgy4JPEnEQgYYA9XYayreJUQIviAd2P5sb\n\
KyXxJZX2lsrlgmpUjH9bW21CDc+g8iIUViLrC00WvXfJgUrIaJ9eGEKNAoGAU65U\n\
0QTtF9lD89HOHqTMwVwzGE4GaZGfAHnFDNyruXQRpTV/rzo7ITnLz2ETsY8kC3F8\n\
el8FTiQI5l9CNN+jxfbPw941Tun9j5WlGnojYU9VeV/etWgJZupknaZo6CmOrnLN\n\
GIHjnN2KHsY+KAfwCmyakmEImvE8jGhJDYezC2ECgYEAkT5boDjkl2TnUN2vzXvJ\n\
1jJxilQ+ThzusXn4g4PpgnoenU+uUgVo6u/zJntI/XVewF0oY6XYV/EoB7O2Q0OI\n\
xHuzb4yTfzrzrUxSJoNMjGuAFOeN+WrCEC2gYVnmLJyfqbk8Ggw4vV+J1NTBUcKG\n\
np9Qo17o6RcKR7SYUCSOWtE=\n\
-----END PRIVATE KEY-----\n\
";

/// The half that the twin was given, as a dashboard is.
pub const SANDBOX_JWS_PUBLIC_KEY: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAk1NWYgnD8iEJj9fleAVc\n\
bfsoU7dZHanI0ookdKLUoEpU68lJZrIUX7TUXwbiX4wln4NPhflAIfez+9Dh3L9j\n\
Mp6pDXNrSVbzVXexu7MzI7kLUCXrOWde3TYrM0IxEOA0C+rWKazFJCMy8bn90JyG\n\
NUzzAbq6QAW2XTD9e+HLpT3rDEt92qVjQR7me9P7MEi7boPU7Z2AX3SdlnP7eo6a\n\
OVVhin6gT80atB0Xj4d95Mb5+VFBGQ0q2FCMWBsKkLGuGlTz9RxbgV5bEJPz402r\n\
m8uNrtzCjEU81O6KBZ2/zNllUQg1ZraDk/GL35Rc4ZRuMr68BuU2NGjBfQIWtbbp\n\
rwIDAQAB\n\
-----END PUBLIC KEY-----\n\
";
