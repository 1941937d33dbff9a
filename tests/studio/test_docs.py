from __future__ import annotations

import re


async def test_the_api_docs_load_nothing_from_another_machine(api):
    for path in ("/docs", "/redoc"):
        page = await api.http.get(path)
        assert page.status_code == 200
        addresses = re.findall(r"""(?:src|href)=["']([^"']+)""", page.text)
        assert addresses
        assert all(address.startswith("/") for address in addresses), addresses


async def test_every_route_of_the_contract_is_described(api):
    described = (await api.ok("GET", "/openapi.json"))["paths"]
    for path in (
        "/health",
        "/api/gpus",
        "/api/gpus/test",
        "/api/gpus/{name}",
        "/api/gpus/{name}/drain",
        "/api/gpus/{name}/use",
        "/api/gpus/{name}/faults",
        "/api/workflows",
        "/api/workflows/file",
        "/api/workflows/{name}",
        "/api/queue",
        "/api/sessions",
        "/api/sessions/{session_id}",
        "/api/sessions/{session_id}/navigate",
        "/api/plan",
        "/api/generate",
        "/api/generate/batch",
        "/api/batches/{batch_id}",
        "/api/batches/{batch_id}/cancel",
        "/api/batches/{batch_id}/move",
        "/api/images/{image_id}/cancel",
        "/api/images/{image_id}/pause",
        "/api/images/{image_id}/resume",
        "/api/images/{image_id}/retry",
        "/api/images/{image_id}/move",
        "/api/images/{image_id}/selection",
        "/api/images/{image_id}/rating",
        "/api/images/{image_id}/actions",
        "/api/images/{image_id}/file",
        "/api/images/{image_id}/thumbnail",
        "/api/images/{image_id}/recipe",
        "/api/images/{image_id}/adherence",
        "/api/images/{image_id}/adherence/labels",
        "/api/scoring",
        "/api/scoring/rescore",
        "/api/quality",
        "/api/quality/prompts",
        "/api/quality/compare",
        "/api/bin",
        "/api/bin/restore",
        "/api/iterate",
        "/api/iterate/reject-all",
        "/api/loras",
        "/api/checkpoints/stats",
        "/api/preferences/stats",
        "/api/preferences/export",
        "/api/preferences/import",
        "/api/preferences/events",
        "/api/preferences/snapshot",
        "/api/preferences/recommend/checkpoint",
        "/api/preferences/recommend/loras",
        "/api/preferences/rebuild",
        "/api/preferences/forget",
        "/api/preferences/undo",
        "/api/preferences/prior",
        "/api/preferences/prior/build",
        "/api/learning/overview",
        "/api/learning/map",
        "/api/learning/strengths",
        "/api/learning/recent",
        "/api/learning/effect",
        "/api/learning/would-choose",
        "/api/learning/style",
        "/api/events",
    ):
        assert path in described, path
