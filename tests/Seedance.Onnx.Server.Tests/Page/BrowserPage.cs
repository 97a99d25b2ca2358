using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Seedance.Onnx.Server.Page;

/// <summary>A real Chromium that shows the page of a server. It keeps what the page logs and asks for; the test is skipped where there is no Chromium.</summary>
internal sealed class BrowserPage : IAsyncDisposable
{
    private const string Variable = "SEEDANCE_CHROMIUM";

    // Milliseconds. Conditions are waited for; only what never comes takes so long.
    private const float Patience = 180_000;

    // A folder; where it is named, tests leave pictures of what they saw.
    private const string PicturesVariable = "SEEDANCE_SCREENSHOTS";

    // The machine's Chromium must reach nobody but the server.
    private static readonly string[] Flags =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    // Everything that a picture or a state ever said, so that no test has to be quick enough to see it.
    private const string Watcher = """
        window.said = [];
        new MutationObserver(() => document.querySelectorAll('.card').forEach(card => {
          for (const text of [card.querySelector('.state').textContent, card.querySelector('.picture img').alt]) {
            if (text && !window.said.includes(text)) { window.said.push(text); }
          }
        })).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
        """;

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly List<string> _errors = [];
    private readonly List<string> _requests = [];

    private BrowserPage(IPlaywright playwright, IBrowser browser, IPage page)
    {
        (_playwright, _browser, Page) = (playwright, browser, page);
        page.Console += (_, message) => Note(message.Type == "error", message.Text);
        page.PageError += (_, error) => Note(true, error);
        page.Request += (_, request) => _requests.Add(request.Url);
        page.SetDefaultTimeout(Patience);
        Assertions.SetDefaultExpectTimeout(Patience);
    }

    public IPage Page { get; }

    /// <summary>Errors of the browser's console, and those that no code caught.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>The addresses that the page asked.</summary>
    public IReadOnlyList<string> Requests => _requests;

    /// <summary>Opens the page.</summary>
    /// <param name="server">Whose page.</param>
    /// <param name="options">Language, size and colours; English on a desktop if not specified.</param>
    public static async Task<BrowserPage> OpenAsync(RunningServer server, BrowserNewContextOptions? options = null)
    {
        string program = FindChromium();
        IPlaywright playwright = await Playwright.CreateAsync();
        IBrowser browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = program, Args = Flags });
        IBrowserContext context = await browser.NewContextAsync(options ?? new BrowserNewContextOptions { Locale = "en-US", ViewportSize = new ViewportSize { Width = 1280, Height = 900 } });
        await context.AddInitScriptAsync(Watcher);
        BrowserPage opened = new(playwright, browser, await context.NewPageAsync());
        _ = await opened.Page.GotoAsync(server.Client.BaseAddress!.ToString());
        await opened.Page.Locator("#submit:visible, #key:visible").First.WaitForAsync();
        return opened;
    }

    /// <summary>The first video's card.</summary>
    public ILocator Card => Page.Locator(".card").First;

    public ILocator Button(string name) => Card.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = name });

    public static ILocatorAssertions Expect(ILocator locator) => Assertions.Expect(locator);

    /// <summary>Whatever cards said until now.</summary>
    public Task<string[]> SaidAsync() => Page.EvaluateAsync<string[]>("() => window.said");

    /// <summary>Asks for a video by the form.</summary>
    public async Task SubmitAsync(string prompt, int steps = 4, int frames = 5)
    {
        await Page.Locator("#prompt").FillAsync(prompt);
        await Page.Locator("#unit").SelectOptionAsync("num_frames");
        await Page.Locator("#length").FillAsync($"{frames}");
        await Page.EvaluateAsync("() => { document.getElementById('more').open = true; }");
        await Page.Locator("#steps").FillAsync($"{steps}");
        await Page.Locator("#submit").ClickAsync();
    }

    /// <summary>What is hard to use for people who cannot see or point: all rules of axe that WCAG 2.2 AA has, and its advice.</summary>
    public async Task<string[]> FindBarriersAsync()
    {
        AxeResult result = await Page.RunAxe();
        return [.. result.Violations.Select(violation => $"{violation.Id}: {violation.Help} ({string.Join("; ", violation.Nodes.Select(node => node.Html))})")];
    }

    /// <summary>Leaves a picture of the whole page where somebody wants pictures.</summary>
    public async Task ShowAsync(string name)
    {
        if (Environment.GetEnvironmentVariable(PicturesVariable) is { Length: > 0 } folder)
        {
            _ = await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png"), FullPage = true });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    private void Note(bool isError, string text)
    {
        if (isError)
        {
            _errors.Add(text);
        }
    }

    private static string FindChromium()
    {
        string? named = Environment.GetEnvironmentVariable(Variable);
        string[] places = named is { Length: > 0 } ? [named] : ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
        return Array.Find(places, File.Exists) ?? throw new SkipException($"A Chromium must be installed ({string.Join(", ", places)}), but is not. Run: sudo apt-get install --no-install-recommends chromium, or set {Variable}.");
    }
}
