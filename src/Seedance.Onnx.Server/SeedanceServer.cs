using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Seedance.Onnx.Hosting;
using Seedance.Onnx.Server.Ark;
using Seedance.Onnx.Server.Http;
using Seedance.Onnx.Server.Jobs;
using Seedance.Onnx.Server.OpenAi;
using Seedance.Onnx.Server.Page;
using Seedance.Onnx.Server.Security;

namespace Seedance.Onnx.Server;

/// <summary>The HTTP server: jobs that survive, behind the APIs of OpenAI Videos and Volcengine Ark. See README.md beside the project.</summary>
/// <remarks>
/// <code>
/// await using WebApplication server = SeedanceServer.Create(new ServerOptions(), seedance => seedance.Pack = "onnx/seedance-mini");
/// await server.RunAsync();
/// </code>
/// </remarks>
public static class SeedanceServer
{
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestExamination = TimeSpan.FromSeconds(3);

    /// <summary>Makes a server that is ready to be started. The pack's contract is read and the data folder taken; the graphs are loaded once it runs, unless workers on other machines make the videos.</summary>
    /// <param name="options">What its owner decides.</param>
    /// <param name="configure">Sets the pack, and how its pipeline runs.</param>
    /// <returns>The server; the caller disposes it.</returns>
    /// <exception cref="HostSettingsException">The options cannot be: a public address without keys, a broker without a store, or a data folder that cannot be used.</exception>
    /// <exception cref="ModelPackException">The folder is no usable pack.</exception>
    public static WebApplication Create(ServerOptions options, Action<SeedanceOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(configure);
        ApiKeys keys = new(JobFiles.KeysOf(Path.GetFullPath(options.DataFolder)));
        ListenAddresses.Require(options, keys.All.Count > 0);
        NodeServices.RequireStoreAndBroker(options, isWorker: false);

        // Empty, because settings that ASP.NET Core finds by itself could open another address than the one that was looked at.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        ConfigureKestrel(builder.WebHost, options);
        NodeServices.Add(builder, options, configure);
        _ = builder.Services.AddSingleton(keys)
            .AddSingleton<JobArrivals>().AddSingleton<JobIntake>()
            .AddSingleton(_ => new MediaFetcher(options.AllowsPrivate)).AddSingleton<ImageInput>().AddSingleton<LargeBodies>().AddSingleton<KeyLimits>()
            .AddSingleton<ResultFiles>().AddSingleton<EventStream>()
            .AddSingleton<OpenAiRequestReader>().AddSingleton<OpenAiEndpoints>()
            .AddSingleton<ArkContentReader>().AddSingleton<ArkRequestReader>().AddSingleton<ArkEndpoints>().AddSingleton<PageEndpoints>();
        builder.Services.AddRouting();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = Envelope.Json.PropertyNamingPolicy);
        ApiDocument.Add(builder.Services);
        if (options.IsCluster)
        {
            NodeServices.AddDispatching(builder.Services);
        }
        else
        {
            _ = builder.Services.AddHostedService<JobRecovery>();
            NodeServices.AddMaking(builder.Services);
        }

        _ = builder.Services.AddHostedService<JobCleaner>();
        WebApplication app = builder.Build();
        Map(app);
        return app;
    }

    /// <summary>Makes an API key. A server that runs takes it at once.</summary>
    /// <param name="options">Where the server keeps its data.</param>
    /// <param name="name">Whose key it is; jobs belong to it.</param>
    /// <returns>The key, which is nowhere else: only its hash is kept.</returns>
    /// <exception cref="HostSettingsException">The name is taken, or the file cannot be written.</exception>
    public static string AddKey(ServerOptions options, string name)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new ApiKeys(JobFiles.KeysOf(options.DataFolder)).Add(name);
    }

    /// <summary>Looks whether a server could start with these options, without starting it.</summary>
    /// <param name="options">What its owner decides.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Where it would listen, how many keys it has, where its data is, and what it shares with others.</returns>
    /// <exception cref="HostSettingsException">It could not: a public address without keys, a file of keys that cannot be read, or a store or broker that cannot be reached.</exception>
    public static async Task<string> ExamineAsync(ServerOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        int keys = new ApiKeys(JobFiles.KeysOf(options.DataFolder)).All.Count;
        ListenAddresses.Require(options, keys > 0);
        NodeServices.RequireStoreAndBroker(options, isWorker: false);
        string data = Directory.Exists(options.DataFolder) ? "" : ", not made yet", shared = "";
        if (options.IsCluster)
        {
            try
            {
                shared = $"; store {await PostgresEngine.ExamineAsync(options.Store!, LongestExamination, cancellationToken).ConfigureAwait(false)}"
                    + $", broker {await JobBroker.ExamineAsync(options.Broker!, LongestExamination, cancellationToken).ConfigureAwait(false)}";
            }
            catch (BrokerException error)
            {
                throw new HostSettingsException("server", [error.Message], error);
            }
        }

        return $"would listen on {string.Join(", ", ListenAddresses.Of(options))} with {(keys == 0 ? "no API keys (only this machine may ask)" : $"{keys} API keys")}; data in {options.DataFolder}{data}{shared}";
    }

    private static void ConfigureKestrel(ConfigureWebHostBuilder host, ServerOptions options)
    {
        _ = host.UseKestrelCore().UseKestrelHttpsConfiguration().UseUrls(ListenAddresses.Of(options)).ConfigureKestrel(kestrel =>
        {
            KestrelServerLimits limits = kestrel.Limits;
            limits.MaxRequestBodySize = null; // LargeBodies refuses what is too large
            limits.MaxConcurrentConnections = options.MaxConnections;
            limits.RequestHeadersTimeout = HeadersTimeout;
            limits.MaxRequestHeaderCount = 64;
            kestrel.AddServerHeader = false;
            if (options.Certificate is { } certificate)
            {
                X509Certificate2 own = X509Certificate2.CreateFromPemFile(certificate, options.CertificateKey);
                kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = own);
            }
        });
    }

    private static void Map(WebApplication app)
    {
        _ = app.UseMiddleware<ProblemAnswers>();
        _ = app.UseRouting();
        _ = app.UseMiddleware<KeyCheck>();
        KeyLimits limits = app.Services.GetRequiredService<KeyLimits>();
        _ = app.Use(limits.InvokeAsync);
        LargeBodies bodies = app.Services.GetRequiredService<LargeBodies>();
        _ = app.Use((context, next) =>
        {
            bodies.Watch(context);
            return next(context);
        });
        app.Services.GetRequiredService<OpenAiEndpoints>().Map(app);
        app.Services.GetRequiredService<ArkEndpoints>().Map(app);
        app.Services.GetRequiredService<PageEndpoints>().Map(app);
        HealthEndpoints.Map(app);
        _ = app.MapOpenApi();
        _ = app.MapPrometheusScrapingEndpoint();
    }
}
