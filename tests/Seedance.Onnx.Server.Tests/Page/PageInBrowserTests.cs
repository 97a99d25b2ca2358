using System.Text.Json;
using Microsoft.Playwright;

namespace Seedance.Onnx.Server.Page;

/// <summary>The page, driven in a real Chromium against a real server.</summary>
[Trait("Tier", "Graph")]
public sealed class PageInBrowserTests
{
    // The tiny pack is done before a browser has looked twice; this one takes its time.
    private const string ShippedPack = "../../onnx/seedance-mini";

    private static BrowserNewContextOptions Phone(string locale, ColorScheme colours = ColorScheme.Light) => new()
    {
        Locale = locale,
        ColorScheme = colours,
        ViewportSize = new ViewportSize { Width = 360, Height = 740 },
        HasTouch = true,
        BypassCSP = true, // for axe, which brings its own script along
    };

    [SkippableFact]
    [Trait("Tier", "Model")]
    public async Task Submit_WithShots_ShowsProgressThenPlaysDownloadsAndDeletes()
    {
        await using RunningServer server = await RunningServer.StartAsync(pack: ShippedPack);
        await using BrowserPage browser = await BrowserPage.OpenAsync(server);
        IPage page = browser.Page;
        await page.Locator("#add-shot").ClickAsync();
        await page.Locator("#shot-1").FillAsync("it moves left");
        await page.Locator("#add-shot").ClickAsync();
        await page.Locator("#shot-2").FillAsync("it stays");

        await browser.SubmitAsync("a red ball", steps: 100, frames: 17);
        await BrowserPage.Expect(browser.Card.Locator(".picture img")).ToBeVisibleAsync();
        await browser.ShowAsync("progress");
        await BrowserPage.Expect(browser.Card.Locator(".state")).ToHaveTextAsync("Ready");

        string[] said = await browser.SaidAsync();
        Assert.Contains(said, text => text.StartsWith("Denoising, step ", StringComparison.Ordinal));
        Assert.Contains(said, text => text.StartsWith("How “a red ball [Shot 1] it moves left", StringComparison.Ordinal));
        await browser.Button("Play").ClickAsync();
        _ = await page.WaitForFunctionAsync("() => document.querySelector('video')?.currentTime > 0");
        await browser.Button("Frames").ClickAsync();
        _ = await page.WaitForFunctionAsync("() => document.querySelector('.sheet img')?.naturalWidth > 0");
        await browser.ShowAsync("desktop");
        IDownload download = await page.RunAndWaitForDownloadAsync(() => browser.Button("Download").ClickAsync());
        byte[] file = await File.ReadAllBytesAsync(await download.PathAsync());
        Assert.Equal("ftyp"u8, file.AsSpan(4, 4));
        await browser.Button("Delete").ClickAsync();
        await page.Locator("dialog").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Delete" }).ClickAsync();
        await BrowserPage.Expect(page.Locator(".card")).ToHaveCountAsync(0);
        await BrowserPage.Expect(page.Locator("#news")).ToContainTextAsync("Deleted");
        Assert.Empty(await ListAsync(server));
        Assert.Empty(browser.Errors);
        string own = server.Client.BaseAddress!.ToString();
        Assert.All(browser.Requests, address => Assert.True(address.StartsWith(own, StringComparison.Ordinal) || address.StartsWith("blob:" + own, StringComparison.Ordinal) || address.StartsWith("data:image/png", StringComparison.Ordinal), address));
    }

    [SkippableFact]
    public async Task Cancel_RunningVideo_StopsItAndTheNextBegins()
    {
        await using RunningServer server = await RunningServer.StartAsync(holds: true);
        await using BrowserPage browser = await BrowserPage.OpenAsync(server);

        await browser.SubmitAsync("a slow one", frames: 17);
        await BrowserPage.Expect(browser.Card.Locator("progress")).ToBeVisibleAsync();
        await browser.Button("Cancel").ClickAsync();

        await BrowserPage.Expect(browser.Page.Locator(".card")).ToHaveCountAsync(0);
        await BrowserPage.Expect(browser.Page.Locator("#news")).ToHaveTextAsync("Cancelled: a slow one");
        Assert.Empty(await ListAsync(server));
        server.Release();
        await browser.SubmitAsync("a quick one");
        await BrowserPage.Expect(browser.Card.Locator(".state")).ToHaveTextAsync("Ready");
        Assert.Empty(browser.Errors);
    }

    [SkippableFact]
    public async Task Submit_WrongValues_ShowsEachErrorAtItsParameter()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await using BrowserPage browser = await BrowserPage.OpenAsync(server);
        IPage page = browser.Page;
        await page.EvaluateAsync("() => { document.getElementById('more').open = true; }");
        await page.Locator("#seed").FillAsync("many");
        await page.Locator("#length").FillAsync("-1");

        await page.Locator("#submit").ClickAsync();

        await BrowserPage.Expect(page.Locator("#prompt-error")).ToContainTextAsync("prompt must be given");
        await BrowserPage.Expect(page.Locator("#seed-error")).ToContainTextAsync("but is 'many'");
        await BrowserPage.Expect(page.Locator("#length-error")).ToContainTextAsync("seconds must be");
        await BrowserPage.Expect(page.Locator("#prompt")).ToBeFocusedAsync();
        Assert.Equal("true", await page.Locator("#seed").GetAttributeAsync("aria-invalid"));
        await browser.ShowAsync("errors");
        await page.Locator("#seed").FillAsync("5");
        await page.Locator("#length").FillAsync("");
        await browser.SubmitAsync("a red ball");
        await BrowserPage.Expect(browser.Card.Locator(".facts")).ToContainTextAsync("seed 5");
        await BrowserPage.Expect(page.Locator("#seed-error")).ToBeEmptyAsync();
        Assert.All(browser.Errors, error => Assert.Contains("400", error, StringComparison.Ordinal)); // Chromium's own line about the refusal
    }

    [SkippableFact]
    public async Task Repeat_VideoWithImages_FillsTheFormWithAllOfIt()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await using BrowserPage browser = await BrowserPage.OpenAsync(server);
        IPage page = browser.Page;
        await page.Locator("#input_reference").SetInputFilesAsync(Picture("first.png", 255));
        await page.Locator("#last_frame").SetInputFilesAsync(Picture("last.png", 0));
        await page.Locator("#size").SelectOptionAsync("32x48");
        await page.EvaluateAsync("() => { document.getElementById('more').open = true; }");
        await page.Locator("#guidance").FillAsync("1.25");
        await page.Locator("#negative").FillAsync("rain");
        await browser.SubmitAsync("a red ball", steps: 3, frames: 9);
        await BrowserPage.Expect(browser.Card.Locator(".state")).ToHaveTextAsync("Ready");
        JsonElement first = (await ListAsync(server)).Single();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Clear" }).ClickAsync();

        await browser.Button("Repeat with changes").ClickAsync();
        await BrowserPage.Expect(page.Locator("[data-image=last_frame] img")).ToBeVisibleAsync();
        await page.Locator("#prompt").FillAsync("a blue ball");
        await page.Locator("#submit").ClickAsync();
        await BrowserPage.Expect(page.Locator(".card")).ToHaveCountAsync(2);

        JsonElement second = (await ListAsync(server))[0];
        Assert.Equal("a blue ball", second.GetProperty("prompt").GetString());
        Assert.All(["size", "seed", "num_frames", "num_inference_steps", "guidance_scale", "negative_prompt", "images"],
            name => Assert.Equal(first.GetProperty(name).ToString(), second.GetProperty(name).ToString()));
        Assert.Equal("""["first_frame","last_frame"]""", second.GetProperty("images").ToString());
        Assert.Empty(browser.Errors);
    }

    [SkippableFact]
    public async Task Open_ServerWithKeys_AsksForTheKeyAndKeepsItInTheTab()
    {
        string key = "";
        await using RunningServer server = await RunningServer.StartAsync(options => key = SeedanceServer.AddKey(options, "alice"));
        await using BrowserPage browser = await BrowserPage.OpenAsync(server);
        IPage page = browser.Page;

        await page.Locator("#key").FillAsync("wrong");
        await page.Locator("#key").PressAsync("Enter");
        await BrowserPage.Expect(page.Locator("#key-error")).ToContainTextAsync("must be one of this server’s");
        await browser.ShowAsync("key");
        await page.Locator("#key").FillAsync(key);
        await page.Locator("#key").PressAsync("Enter");
        await browser.SubmitAsync("a red ball");

        await BrowserPage.Expect(browser.Card.Locator(".state")).ToHaveTextAsync("Ready");
        await browser.Button("Play").ClickAsync();
        _ = await page.WaitForFunctionAsync("() => document.querySelector('video')?.currentTime > 0");
        Assert.Equal(key, await page.EvaluateAsync<string>("() => sessionStorage.getItem('seedance-key')"));
        Assert.Equal(0, await page.EvaluateAsync<int>("() => localStorage.length"));
        Assert.All(browser.Errors, error => Assert.Contains("401", error, StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData("en-US", ColorScheme.Light)]
    [InlineData("zh-CN", ColorScheme.Dark)]
    public async Task Phone_EitherLanguage_FitsTheWidthAndHasNoBarriers(string locale, ColorScheme colours)
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await using BrowserPage browser = await BrowserPage.OpenAsync(server, Phone(locale, colours));
        IPage page = browser.Page;
        bool english = locale == "en-US";
        await page.Locator("#submit").ClickAsync();
        await BrowserPage.Expect(page.Locator("#prompt-error")).Not.ToBeEmptyAsync();
        Assert.Empty(await browser.FindBarriersAsync());

        await browser.SubmitAsync("a red ball with a name_that_is_one_very_long_word_and_does_not_end_before_the_screen_does");
        await BrowserPage.Expect(browser.Card.Locator(".state")).ToHaveTextAsync(english ? "Ready" : "已完成");
        await BrowserPage.Expect(browser.Card.Locator(".picture img")).ToBeVisibleAsync();

        await browser.ShowAsync("phone-" + locale);
        Assert.Empty(await browser.FindBarriersAsync());
        Assert.Equal(360, await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
        Assert.Equal(english ? "en" : "zh-CN", await page.Locator("html").GetAttributeAsync("lang"));
        await page.Locator("#language").ClickAsync();
        await BrowserPage.Expect(page.Locator("#submit")).ToHaveTextAsync(english ? "生成视频" : "Make the video");
        await BrowserPage.Expect(browser.Card.Locator(".state")).ToHaveTextAsync(english ? "已完成" : "Ready");
    }

    [SkippableFact]
    public async Task Keyboard_Alone_MakesPlaysAndDeletesAVideo()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await using BrowserPage browser = await BrowserPage.OpenAsync(server);
        IPage page = browser.Page;
        await BrowserPage.Expect(page.Locator("#prompt")).ToBeVisibleAsync();

        await page.Keyboard.PressAsync("Tab");
        await BrowserPage.Expect(page.Locator(".skip")).ToBeFocusedAsync();
        await TabToAsync(page, "prompt");
        await page.Keyboard.TypeAsync("a red ball");
        await TabToAsync(page, "submit");
        await page.Keyboard.PressAsync("Enter");
        await BrowserPage.Expect(browser.Card.Locator(".state")).ToHaveTextAsync("Ready");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        _ = await page.WaitForFunctionAsync("() => document.querySelector('video')?.currentTime > 0");
        await browser.Button("Delete").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await BrowserPage.Expect(page.Locator("dialog")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await BrowserPage.Expect(page.Locator(".card")).ToHaveCountAsync(1);
        await BrowserPage.Expect(browser.Button("Delete")).ToBeFocusedAsync();
        Assert.Empty(browser.Errors);
    }

    [SkippableFact]
    public async Task Docs_AnyServer_ShowEveryCallOfTheDocument()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await using BrowserPage browser = await BrowserPage.OpenAsync(server, Phone("en-US"));
        IPage page = browser.Page;
        string[] calls = [.. from path in (await server.GetAsync("/openapi/v1.json")).Body.GetProperty("paths").EnumerateObject()
                             from call in path.Value.EnumerateObject()
                             select $"{call.Name.ToUpperInvariant()} {path.Name}"];

        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "API", Exact = true }).ClickAsync();
        await BrowserPage.Expect(page.Locator("article h3")).ToHaveCountAsync(calls.Length);

        Assert.Equal(calls.Order(StringComparer.Ordinal), (await page.Locator("article h3").AllTextContentsAsync()).Order(StringComparer.Ordinal));
        await BrowserPage.Expect(page.Locator("article", new PageLocatorOptions { HasText = "POST /v1/videos: multipart/form-data or application/json" }).First).ToContainTextAsync("num_inference_steps");
        await BrowserPage.Expect(page.Locator("#operations")).ToContainTextAsync("ErrorAnswer");
        await browser.ShowAsync("docs");
        Assert.Empty(await browser.FindBarriersAsync());
        Assert.Equal(360, await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
        Assert.Empty(browser.Errors);
        Assert.All(browser.Requests, address => Assert.StartsWith(server.Client.BaseAddress!.ToString(), address, StringComparison.Ordinal));
    }

    private static FilePayload Picture(string name, byte red) => new() { Name = name, MimeType = "image/png", Buffer = TestImage.Png(96, 64, red, 0, 0) };

    private static async Task TabToAsync(IPage page, string id)
    {
        for (int presses = 0; await page.EvaluateAsync<string>("() => document.activeElement.id") != id; presses++)
        {
            Assert.True(presses < 40, $"The Tab key must reach #{id}, but does not.");
            await page.Keyboard.PressAsync("Tab");
        }
    }

    private static async Task<JsonElement[]> ListAsync(RunningServer server) => [.. (await server.GetAsync("/v1/videos")).Body.GetProperty("data").EnumerateArray()];
}
