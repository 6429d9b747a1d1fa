"""The stages about video files: verify, bind, proxy, warm."""
