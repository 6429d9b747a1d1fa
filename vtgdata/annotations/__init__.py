"""Reading what corpora publish: files, repairs of rows, identity and overlap of videos, licences, filtering."""
