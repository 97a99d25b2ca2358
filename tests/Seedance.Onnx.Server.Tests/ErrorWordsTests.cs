using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Seedance.Onnx.Server;

/// <summary>Each error of both APIs, by its status, code, type and parameter.</summary>
[Trait("Tier", "Graph")]
public sealed class ErrorWordsTests
{
    private const string Videos = "/v1/videos";
    private const string Tasks = "/api/v3/contents/generations/tasks";
    private const string Request = "invalid_request_error";

    private static readonly string TooLarge = Image(new byte[(1 << 20) + 3000]);
    private static readonly string Broken = Image([.. TestImage.Png(1, 1, 0, 0, 0)[..16], .. "nothing more"u8]);

    [SkippableFact]
    public async Task OpenAi_WhateverIsWrong_HasItsWords()
    {
        await using RunningServer server = await StartAsync();
        (string What, Func<HttpRequestMessage> Request, Words Expected)[] cases =
        [
            ("no prompt", () => Post(Videos, "{}"), new(400, "missing_required_parameter", Request, "prompt")),
            ("unknown", () => Post(Videos, """{"prompt":"a","colour":"red"}"""), new(400, "unknown_parameter", Request, "colour")),
            ("image too large", () => Post(Videos, $$$"""{"prompt":"a","input_reference":{"image_url":"{{{TooLarge}}}"}}"""), new(400, "image_too_large", Request, "input_reference.image_url")),
            ("no image", () => Post(Videos, """{"prompt":"a","input_reference":{"image_url":"data:image/png;base64,AAAA"}}"""), new(400, "invalid_image_format", Request, "input_reference.image_url")),
            ("broken image", () => Post(Videos, $$$"""{"prompt":"a","input_reference":{"image_url":"{{{Broken}}}"}}"""), new(400, "invalid_image_format", Request, "input_reference")),
            ("file too large", () => Form("input_reference", new byte[(1 << 20) + 1]), new(400, "image_too_large", Request, "input_reference")),
            ("file of no field", () => Form("picture", TestImage.Png(1, 1, 0, 0, 0)), new(400, "unknown_parameter", Request, "picture")),
            ("model", () => Post(Videos, """{"prompt":"a","model":"another"}"""), new(404, "model_not_found", Request, "model")),
            ("video", () => Ask("GET", $"{Videos}/video_0"), new(404, "not_found", Request, "id")),
            ("remix of none", () => Post($"{Videos}/video_0/remix", """{"prompt":"a"}"""), new(404, "not_found", Request, "id")),
            ("address", () => Ask("GET", "/v1/nothing"), new(404, "not_found", Request, null)),
            ("method", () => Ask("PUT", Videos), new(405, "method_not_allowed", Request, null)),
            ("kind of body", () => Post(Videos, "prompt", "text/plain"), new(415, "unsupported_media_type", Request, null)),
            ("body too large", () => Post(Videos, $$"""{"prompt":"{{new string('a', 4 << 20)}}"}"""), new(413, "request_too_large", Request, null)),
            ("limit", () => Ask("GET", $"{Videos}?limit=101"), new(400, "invalid_value", Request, "limit")),
            ("order", () => Ask("GET", $"{Videos}?order=up"), new(400, "invalid_value", Request, "order")),
            ("after", () => Ask("GET", $"{Videos}?after=video_0"), new(400, "invalid_value", Request, "after")),
            ("host", () => Ask("GET", Videos, ("Host", "evil.example")), new(403, "forbidden", "permission_error", null)),
            ("long key", () => Post(Videos, """{"prompt":"a"}""", "application/json", ("Idempotency-Key", new string('k', 256))), new(400, "invalid_value", Request, "Idempotency-Key")),
            ("queue", () => Post(Videos, """{"prompt":"a"}"""), new(429, "queue_full", "rate_limit_error", null, Retries: true)),
        ];

        await AssertAsync(server, cases);
        string running = (await server.GetAsync($"{Videos}?order=asc&limit=1")).Body.GetProperty("first_id").GetString()!;
        await AssertAsync(server, [
            ("variant", () => Ask("GET", $"{Videos}/{running}/content?variant=sound"), new(400, "invalid_value", Request, "variant")),
            ("not done", () => Ask("GET", $"{Videos}/{running}/content"), new(400, "invalid_state", Request, "id")),
            ("image of none", () => Ask("GET", $"{Videos}/{running}/images/first_frame"), new(404, "not_found", Request, "role")),
        ]);
        server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await AssertAsync(server, [("ending", () => Post(Videos, """{"prompt":"a"}"""), new(503, "unavailable", "server_error", null, Retries: true))]);
    }

    [SkippableFact]
    public async Task Ark_WhateverIsWrong_HasItsWords()
    {
        const string Text = """{"type":"text","text":"a"}""";
        await using RunningServer server = await StartAsync();
        string running = (await server.GetAsync($"{Videos}?order=asc&limit=1")).Body.GetProperty("first_id").GetString()!;
        (string What, Func<HttpRequestMessage> Request, Words Expected)[] cases =
        [
            ("no content", () => Post(Tasks, """{"model":"known"}"""), new(400, "MissingParameter", "BadRequest", "content")),
            ("no url", () => ArkTask("""{"type":"image_url"}"""), new(400, "MissingParameter", "BadRequest", "content[0].image_url")),
            ("no kind", () => ArkTask("""{"text":"a"}"""), new(400, "MissingParameter", "BadRequest", "content[0].type")),
            ("kind", () => ArkTask("""{"type":"video_url","video_url":{"url":"a"}}"""), new(400, "InvalidParameter", "BadRequest", "content[0].type")),
            ("unknown", () => Post(Tasks, $$"""{"model":"known","content":[{{Text}}],"rs":"720p"}"""), new(400, "InvalidParameter", "BadRequest", "rs")),
            ("two texts", () => ArkTask($"{Text},{Text}"), new(400, "InvalidParameter", "BadRequest", "content")),
            ("reference image", () => ArkTask($$$"""{{{Text}}},{"type":"image_url","role":"reference_image","image_url":{"url":"data:,"}}"""), new(400, "InvalidParameter", "BadRequest", "content")),
            ("image too large", () => ArkTask($"{Text},{ImageItem(TooLarge)}"), new(400, "InvalidParameter.OversizedImage", "BadRequest", "content[1].image_url.url")),
            ("broken image", () => ArkTask($"{Text},{ImageItem(Broken)}"), new(400, "InvalidParameter.UnsupportedImageFormat", "BadRequest", "content[1].image_url.url")),
            ("image of few pixels", () => ArkTask($"{Text},{ImageItem(Image(TestImage.Png(64, 64, 0, 0, 0)))}"), new(400, "InvalidParameter", "BadRequest", "content[1].image_url.url")),
            ("model", () => Post(Tasks, $$"""{"model":"another","content":[{{Text}}]}"""), new(404, "InvalidEndpointOrModel.NotFound", "NotFound", "model")),
            ("task", () => Ask("GET", $"{Tasks}/cgt-0"), new(404, "NotFound", "NotFound", "id")),
            ("delete of none", () => Ask("DELETE", $"{Tasks}/cgt-0"), new(404, "NotFound", "NotFound", "id")),
            ("state", () => Ask("DELETE", $"{Tasks}/{running}"), new(409, "InvalidAction", "Conflict", "id")),
            ("method", () => Ask("PUT", Tasks), new(405, "MethodNotAllowed", "BadRequest", null)),
            ("kind of body", () => Post(Tasks, "a", "text/plain"), new(415, "InvalidParameter", "BadRequest", null)),
            ("body too large", () => ArkTask($$"""{"type":"text","text":"{{new string('a', 4 << 20)}}"}"""), new(413, "InvalidParameter", "BadRequest", null)),
            ("page", () => Ask("GET", $"{Tasks}?page_num=0"), new(400, "InvalidParameter", "BadRequest", "page_num")),
            ("size of a page", () => Ask("GET", $"{Tasks}?page_size=501"), new(400, "InvalidParameter", "BadRequest", "page_size")),
            ("status", () => Ask("GET", $"{Tasks}?filter.status=done"), new(400, "InvalidParameter", "BadRequest", "filter.status")),
            ("host", () => Ask("GET", Tasks, ("Host", "evil.example")), new(403, "AccessDenied", "Forbidden", null)),
            ("queue", () => ArkTask(Text), new(429, "ServerOverloaded", "TooManyRequests", null, Retries: true)),
        ];

        await AssertAsync(server, cases);
        server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await AssertAsync(server, [("ending", () => ArkTask(Text), new(503, "ServerOverloaded", "ServiceUnavailable", null, Retries: true))]);
    }

    /// <summary>A server with one job that runs, one that waits, and no room for more.</summary>
    private static async Task<RunningServer> StartAsync()
    {
        RunningServer server = await RunningServer.StartAsync(options => (options.MaxQueued, options.MaxImageMib, options.MaxBodyMib, options.Models) = (1, 1, 3, "known"), holds: true);
        await server.WaitForAsync(await server.SubmitAsync(), "in_progress");
        _ = await server.SubmitAsync();
        return server;
    }

    private static async Task AssertAsync(RunningServer server, (string What, Func<HttpRequestMessage> Request, Words Expected)[] cases)
    {
        List<string> wrong = [];
        foreach ((string what, Func<HttpRequestMessage> make, Words expected) in cases)
        {
            using HttpRequestMessage request = make();
            using HttpResponseMessage answer = await server.Client.SendAsync(request);
            JsonElement error = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
            Words told = new((int)answer.StatusCode, Read("code"), Read("type"), Read("param"), answer.Headers.RetryAfter is not null);
            string message = Read("message")!;
            bool saysWhatMustBe = message.Contains(" must ", StringComparison.Ordinal) || expected.Retries;
            if (told != expected || !saysWhatMustBe || message.Contains(" @ 0x", StringComparison.Ordinal))
            {
                wrong.Add($"{what}: {told} {message}");
            }

            string? Read(string name) => error.GetProperty(name).GetString();
        }

        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
    }

    private static HttpRequestMessage Ask(string method, string path, params (string Name, string Value)[] headers)
    {
        HttpRequestMessage request = new(new HttpMethod(method), path);
        foreach ((string name, string value) in headers)
        {
            _ = request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private static HttpRequestMessage Post(string path, string body, string type = "application/json", params (string Name, string Value)[] more)
    {
        HttpRequestMessage request = Ask("POST", path, more);
        request.Content = new StringContent(body, Encoding.UTF8, type);
        return request;
    }

    private static HttpRequestMessage Form(string field, byte[] file) =>
        new(HttpMethod.Post, Videos) { Content = new MultipartFormDataContent { { new StringContent("a"), "prompt" }, { new ByteArrayContent(file), field, "a.png" } } };

    private static HttpRequestMessage ArkTask(string content) => Post(Tasks, $$"""{"model":"known","content":[{{content}}]}""");

    private static string ImageItem(string url) => $$$"""{"type":"image_url","image_url":{"url":"{{{url}}}"}}""";

    private static string Image(byte[] bytes) => $"data:image/png;base64,{Convert.ToBase64String(bytes)}";

    private sealed record Words(int Status, string? Code, string? Type, string? Parameter, bool Retries = false);
}
