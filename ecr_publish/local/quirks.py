"""Quirks: where ECR differs from the OCI distribution-spec, each with its evidence, each to be switched."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirks:
    """ECR as it is reported to behave. UNCONFIRMED ones are choices of ours."""

    patch_created: bool = True  # PATCH answers 201, not 202 (dotnet/sdk-container-builds#279)
    sticky_range: bool = False  # Range stays at the first 10 MiB (containers-roadmap#2831); off: a client may be tested
    no_upload_uuid: bool = True  # no Docker-Upload-UUID header (distribution/distribution#2927)
    plain_unauthorized: bool = True  # 401 is the text `Not Authorized` (google/go-containerregistry#861)
    redirect_blobs: bool = True  # GET blob is a 307 to storage that refuses Authorization (opa#6580)
    no_digest_on_get: bool = True  # Docker-Content-Digest on HEAD only (containers-roadmap#1931)
    same_digest_refused: bool = True  # an immutable tag refuses the same digest too (containers-roadmap#2179)
    mount_needs_setting: bool = True  # BLOB_MOUNTING must be ENABLED (User Guide, blob-mounting)
    mount_needs_reference: bool = True  # the source repository must reference the blob (containers-roadmap#2860)
    empty_blob_refused: bool = True  # zero bytes cannot be uploaded (devcontainers/cli#814)
    layer_required: bool = True  # an image has at least one layer (werf/werf#2558)
    throttled: bool = False  # documented request rates (User Guide, service-quotas); off: tests are faster than CI


OCI = Quirks(
    patch_created=False,
    no_upload_uuid=False,
    plain_unauthorized=False,
    redirect_blobs=False,
    no_digest_on_get=False,
    same_digest_refused=False,
    mount_needs_setting=False,
    mount_needs_reference=False,
    empty_blob_refused=False,
    layer_required=False,
)
