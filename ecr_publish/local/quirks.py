"""Quirks: where ECR differs from the OCI distribution-spec, each with its evidence, each to be switched."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirks:
    """ECR as it is reported to behave; UNCONFIRMED ones are choices of ours. False is what the specification says, but
    for those that are off: they are ECR's too, and most clients cannot live with them."""

    # who comes in
    token_required: bool = True  # nobody is anonymous on private ECR (User Guide, registry_auth)
    plain_unauthorized: bool = True  # 401 is the text `Not Authorized` (google/go-containerregistry#861)
    # repositories
    repository_required: bool = True  # a push makes none but by a creation template (containers-roadmap#1970)
    missing_repository_eof: bool = False  # a POST to one that is missing is cut without an answer (roadmap#1970)
    # blobs
    patch_created: bool = True  # PATCH answers 201, not 202 (dotnet/sdk-container-builds#279)
    sticky_range: bool = False  # Range stays at the first 10 MiB (containers-roadmap#2831); off: a client may be tested
    no_upload_uuid: bool = True  # no Docker-Upload-UUID header (distribution/distribution#2927)
    no_upload_status: bool = False  # GET of an upload is 404 (dotnet/sdk#33019); off: seen on ECR Public only
    small_parts_refused: bool = True  # every part but the last has 5 MiB (dotnet/sdk-container-builds#279)
    redirect_blobs: bool = True  # GET blob is a 307 to storage that refuses Authorization (opa#6580)
    unreferenced_withheld: bool = True  # a layer that no image names is not given (API: LayerInaccessibleException)
    mount_needs_setting: bool = True  # BLOB_MOUNTING must be ENABLED (User Guide, blob-mounting)
    mount_needs_reference: bool = True  # the source repository must reference the blob (containers-roadmap#2860)
    mount_needs_source: bool = True  # UNCONFIRMED: a mount without `from` is an ordinary upload
    empty_blob_refused: bool = True  # zero bytes cannot be uploaded (devcontainers/cli#814)
    # HEAD blob on ECR Public is 401, even with a token (distribution#4383). UNCONFIRMED: not for the owner, for docker
    # asks so before each layer that it pushes, and would stop there
    public_head_refused: bool = True
    blobs_stay: bool = True  # DELETE of a blob is 405: no API action does it (UNCONFIRMED: the status)
    sha256_only: bool = True  # UNCONFIRMED: every digest that users show is by SHA-256
    # manifests
    no_digest_on_get: bool = True  # Docker-Content-Digest on HEAD only (containers-roadmap#1931)
    translated: bool = (
        True  # by tag, an image comes in the format that is asked for (User Guide: image-manifest-formats)
    )
    bad_manifest_unsupported: bool = True  # what is no manifest to ECR is 405 UNSUPPORTED (opcr-io/policy#149)
    same_digest_refused: bool = True  # an immutable tag refuses the same digest too (containers-roadmap#2179)
    layer_required: bool = True  # an image has at least one layer (werf/werf#2558)
    children_held: bool = True  # a child of an index cannot be deleted (containers-roadmap#1567)
    last_tag_is_image: bool = True  # with its last tag an image is deleted (API: BatchDeleteImage)
    # lifecycle policies
    referrers_follow_subject: bool = True  # UNCONFIRMED: no rule selects a referrer, it goes after its subject
    previews_expire: bool = True  # UNCONFIRMED: a preview's results are EXPIRED after a day
    # tags
    two_wildcards: bool = True  # UNCONFIRMED: an exclusion filter has at most two `*` (the console's help)
    # lists
    opaque_pages: bool = True  # `last` is opaque, tags unsorted, text/plain (deitch/docker_registry2#34); n <= 1000
    no_referrers: bool = False  # GET referrers is 404 (sigstore-js#1183: ECR before June 2024); off: it lists them now
    # rates
    throttled: bool = False  # documented request rates (User Guide, service-quotas); off: tests are faster than CI


OCI = Quirks(
    token_required=False,
    plain_unauthorized=False,
    repository_required=False,
    patch_created=False,
    no_upload_uuid=False,
    small_parts_refused=False,
    redirect_blobs=False,
    unreferenced_withheld=False,
    mount_needs_setting=False,
    mount_needs_reference=False,
    mount_needs_source=False,
    empty_blob_refused=False,
    public_head_refused=False,
    blobs_stay=False,
    sha256_only=False,
    no_digest_on_get=False,
    translated=False,
    bad_manifest_unsupported=False,
    same_digest_refused=False,
    layer_required=False,
    children_held=False,
    last_tag_is_image=False,
    opaque_pages=False,
)
