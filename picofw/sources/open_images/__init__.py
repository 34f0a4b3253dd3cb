"""Open Images V7: its index, labels and boxes, and the photos that they describe.

The format of its files: https://storage.googleapis.com/openimages/web/download_v7.html.
"""
