"""Meter files that are sent: looked at, taken in, taken back; who did it and what was found."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from meters.api import imported
from meters.models import Upload
from meters.selectors import uploads
from meters.services import taking_in, uploading
from segs_site.lib import paging
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked, sent, valid
from segs_site.lib.conflicts import Refusals

NO_FILE = "There is no such file."
NEWEST_FIRST = paging.Order(("id",), descending=True)
REFUSALS = Refusals(
    {
        uploading.Unreadable: ("unreadable", "It cannot be a file of meters."),
        uploading.UnknownFormat: ("unknown_format", "No format and no profile has that name."),
        uploading.NotOpen: ("not_open", "It is being worked on, or past that."),
        uploading.NoReason: ("no_reason", "Taking a file back needs a reason."),
    }
)


class ImportView(APIView):
    """For those who operate the grid."""

    permission_classes = [Needs(Action.OPERATE_GRID)]

    def answer(self, pk: int, status: int = 200) -> Response:
        """Do what is due if it is little, then answer how the file stands."""
        taking_in.work_small(upload_id=pk, now=timezone.now())
        return Response(imported.document(self.row(pk), full=True), status=status)

    def row(self, pk: int | str) -> Upload:
        """Return a file; raises Http404."""
        found = Upload.objects.select_related("file").filter(pk=pk).first()
        if found is None:
            raise Http404(NO_FILE)
        return found


class ImportListView(ImportView):
    """What was sent, and one more."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="imports_list",
        parameters=[imported.ImportQuerySerializer],
        responses=imported.ImportListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of files, newest first, with who sent, applied and took back each."""
        query = asked(imported.ImportQuerySerializer, request)
        page = paging.cut(
            uploads.uploads(state=query["state"]),
            order=NEWEST_FIRST,
            cursor=query.get("cursor"),
            limit=query["limit"],
        )
        rows = [imported.document(row, full=False) for row in page.rows]
        return Response(page.document(request, rows))

    @extend_schema(
        operation_id="imports_upload",
        request={"multipart/form-data": imported.UploadSerializer},
        responses={
            201: imported.ImportSerializer,
            409: REFUSALS.described(uploading.Unreadable, uploading.UnknownFormat),
        },
    )
    def post(self, request: Request) -> Response:
        """Keep a file and look at it; a large one is looked at by a worker: `state` says so."""
        said = valid(imported.UploadSerializer(data=request.data))
        file = said["file"]
        with REFUSALS.told():
            upload = uploading.receive(
                stream=file,
                name=file.name,
                format_name=said["format"],
                by=str(request.user),
                now=timezone.now(),
            )
        return self.answer(upload.pk, status=201)


class ImportOneView(ImportView):
    """One file."""

    @extend_schema(operation_id="imports_retrieve", responses=imported.ImportSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Answer how it stands, its wrong lines, and what is found of what its days expect."""
        return Response(imported.document(self.row(pk), full=True))

    @extend_schema(
        operation_id="imports_discard",
        request=None,
        responses={200: imported.ImportSerializer, 409: REFUSALS.described(uploading.NotOpen)},
    )
    def delete(self, request: Request, pk: str) -> Response:
        """Forget its bytes, unless it is taken in; what was found in it stays."""
        row = self.row(pk)
        with REFUSALS.told():
            uploading.discard(upload_id=row.pk)
        return self.answer(row.pk)


class ImportFormatView(ImportView):
    """Another format, or import profile."""

    @extend_schema(
        operation_id="imports_choose_format",
        request=imported.ImportFormatSerializer,
        responses={
            200: imported.ImportSerializer,
            409: REFUSALS.described(uploading.UnknownFormat, uploading.NotOpen),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Look at it in that format."""
        row = self.row(pk)
        chosen = sent(imported.ImportFormatSerializer, request)["format"]
        with REFUSALS.told():
            uploading.choose(upload_id=row.pk, format_name=chosen)
        return self.answer(row.pk)


class ImportApplyView(ImportView):
    """All of it, once."""

    @extend_schema(
        operation_id="imports_apply",
        request=None,
        responses={200: imported.ImportSerializer, 409: REFUSALS.described(uploading.NotOpen)},
    )
    def post(self, request: Request, pk: str) -> Response:
        """Take it in; sent again, this changes nothing."""
        row = self.row(pk)
        with REFUSALS.told():
            uploading.apply(upload_id=row.pk, by=str(request.user), now=timezone.now())
        return self.answer(row.pk)


class ImportUndoView(ImportView):
    """Back out of it."""

    @extend_schema(
        operation_id="imports_undo",
        request=imported.ImportUndoSerializer,
        responses={
            200: imported.ImportSerializer,
            409: REFUSALS.described(uploading.NotOpen, uploading.NoReason),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Take it back; `problem` says why not, where a later file must go first."""
        row = self.row(pk)
        reason: Any = sent(imported.ImportUndoSerializer, request)["reason"]
        with REFUSALS.told():
            uploading.undo(
                upload_id=row.pk, by=str(request.user), reason=reason, now=timezone.now()
            )
        return self.answer(row.pk)
