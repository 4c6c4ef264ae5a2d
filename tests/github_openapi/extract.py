"""Takes what this project asks of GitHub out of GitHub's own description of its REST API.

    npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz
    python3 tests/github_openapi/extract.py package/generated/api.github.com.deref.json >tests/github_openapi/requests.json

The description is GitHub's, published under the MIT licence (see LICENSE beside this file). Kept are the parameters and
bodies of the requests; answers, examples and prose are left out.
"""

import json
import sys

REQUESTS = [
    ("get", "/user"),
    ("get", "/repos/{owner}/{repo}"),
    ("get", "/repos/{owner}/{repo}/actions/runs/{run_id}"),
    ("get", "/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts"),
    ("get", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs"),
    ("get", "/repos/{owner}/{repo}/branches/{branch}"),
    ("get", "/repos/{owner}/{repo}/collaborators/{username}/permission"),
    ("get", "/repos/{owner}/{repo}/commits"),
    ("get", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls"),
    ("get", "/repos/{owner}/{repo}/compare/{basehead}"),
    ("get", "/repos/{owner}/{repo}/contents/{path}"),
    ("get", "/repos/{owner}/{repo}/issues"),
    ("post", "/repos/{owner}/{repo}/issues"),
    ("patch", "/repos/{owner}/{repo}/issues/{issue_number}"),
    ("get", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
    ("post", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
    ("patch", "/repos/{owner}/{repo}/issues/comments/{comment_id}"),
    ("get", "/repos/{owner}/{repo}/issues/{issue_number}/events"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}/files"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"),
]
PROSE = {"description", "example", "examples", "title", "externalDocs"}


def bare(value, names=False):
    """The value without prose; the members of `properties` are names, whatever they are called."""
    if isinstance(value, dict):
        kept = ((key, item) for key, item in value.items() if names or key not in PROSE)
        return {key: bare(item, key == "properties" and not names) for key, item in kept}
    if isinstance(value, list):
        return [bare(item) for item in value]
    return value


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        paths = json.load(file)["paths"]
    requests = []
    for method, path in REQUESTS:
        operation = paths[path][method]
        parameters = [
            {"name": one["name"], "in": one["in"], "required": one.get("required", False), "schema": bare(one["schema"])}
            for one in operation.get("parameters", [])
        ]
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        requests.append({"method": method.upper(), "path": path, "parameters": parameters, "body": bare(body)})
    json.dump({"source": "@octokit/openapi 23.0.2, api.github.com", "requests": requests}, sys.stdout, indent=1)
    print()


main()
