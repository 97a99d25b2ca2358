using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Seedance.Onnx.Server.Page;

/// <summary>What the API has for the page beyond what OpenAI's has: a last frame, the settings of a video, its images, and every problem by itself.</summary>
[Trait("Tier", "Graph")]
public sealed class PageNeedsTests
{
    [SkippableFact]
    public async Task Create_TwoImagesAndSettings_AreToldAndGivenBack()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        byte[] first = TestImage.Png(96, 64, 255, 0, 0), last = TestImage.Png(96, 64, 0, 0, 255);
        using MultipartFormDataContent form = new()
        {
            { new StringContent("a red ball"), "prompt" }, { new StringContent("3"), "num_inference_steps" }, { new StringContent("1.25"), "guidance_scale" }, { new StringContent("rain"), "negative_prompt" },
            { Png(first), "input_reference", "first.png" }, { Png(last), "last_frame", "last.png" },
        };

        using HttpResponseMessage created = await server.Client.PostAsync("/v1/videos", form);
        JsonElement video = JsonDocument.Parse(await created.Content.ReadAsStringAsync()).RootElement;
        Assert.True(created.IsSuccessStatusCode, video.ToString());
        string id = video.GetProperty("id").GetString()!;
        Assert.Equal("completed", (await server.WaitForAsync(id, "completed", "failed")).GetProperty("status").GetString());

        Assert.Equal(
            ("""["first_frame","last_frame"]""", 3, 1.25, "rain"),
            (video.GetProperty("images").ToString(), video.GetProperty("num_inference_steps").GetInt32(), video.GetProperty("guidance_scale").GetDouble(), video.GetProperty("negative_prompt").GetString()));
        using HttpResponseMessage given = await server.Client.GetAsync($"/v1/videos/{id}/images/last_frame"), unknown = await server.Client.GetAsync($"/v1/videos/{id}/images/video.mp4");
        Assert.Equal(last, await given.Content.ReadAsByteArrayAsync());
        Assert.Equal(("nosniff", "application/octet-stream"), (given.Headers.GetValues("X-Content-Type-Options").Single(), given.Content.Headers.ContentType!.ToString()));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        string remixed = (await server.PostAsync($"/v1/videos/{id}/remix", new { prompt = "a blue ball" })).Body.GetProperty("id").GetString()!;
        Assert.Equal(first, await server.Client.GetByteArrayAsync($"/v1/videos/{remixed}/images/first_frame"));
    }

    [SkippableFact]
    public async Task Create_SeveralProblems_AreEachToldWithTheirParameter()
    {
        await using RunningServer server = await RunningServer.StartAsync();

        (int status, JsonElement body) = await server.PostAsync("/v1/videos", new { seed = "many", size = "large", last_frame = new { image_url = "data:image/png;base64,AAAA" } });

        Assert.Equal(400, status);
        string[] named = [.. body.GetProperty("error").GetProperty("details").EnumerateArray().Select(detail => detail.GetProperty("param").GetString()!)];
        Assert.Equal(["prompt", "size", "seed", "last_frame.image_url"], named);
    }

    private static ByteArrayContent Png(byte[] bytes) => new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };
}
