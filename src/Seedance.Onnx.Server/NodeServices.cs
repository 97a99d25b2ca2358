using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;
using Seedance.Onnx.Hosting;
using Seedance.Onnx.Media;
using Seedance.Onnx.Server.Ark;
using Seedance.Onnx.Server.Http;
using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server;

/// <summary>What processes have in common, and the parts that they divide among themselves: one does everything alone, or servers dispatch what workers make.</summary>
internal static class NodeServices
{
    private static readonly TimeSpan AfterDrain = TimeSpan.FromSeconds(10);

    /// <summary>Requires that store and broker come together, and for a worker at all.</summary>
    /// <exception cref="HostSettingsException">They do not.</exception>
    public static void RequireStoreAndBroker(ServerOptions options, bool isWorker)
    {
        const string What = "broker and store must both be given where several machines work together";
        string? problem = (options.Store, options.Broker) switch
        {
            (null, not null) => $"{What}, but only broker is. Give store too: PostgreSQL, where all of them find the jobs.",
            (not null, null) => $"{What}, but only store is. Give broker too, or leave store out: a server alone keeps its jobs in data_folder.",
            (null, null) when isWorker => $"{What}, but neither is. Give the worker those of its servers.",
            _ => null,
        };
        if (problem is not null)
        {
            throw new HostSettingsException("server", [problem]);
        }
    }

    /// <summary>What every process has: the pack, the store, the data folder, and what is told of jobs.</summary>
    public static void Add(IHostApplicationBuilder builder, ServerOptions options, Action<SeedanceOptions> configure)
    {
        SeedanceOptions seedance = new();
        configure(seedance);
        seedance.Pipeline.ConcurrentGenerations = options.Workers;
        seedance.Pipeline.Media = new MediaLimits { MaxImageBytes = (long)options.MaxImageMib << 20, MaxPixels = options.MaxImageMegapixels * 1_000_000L };
        GenerationPlanner planner = GenerationPlanner.Open(seedance.Pack, seedance.Pipeline);
        JobFiles files = new(options.DataFolder, shared: options.IsCluster);
        IStoreEngine engine = options.Store is { } store ? new PostgresEngine(store) : new SqliteEngine(files.Database);

        // The pool begins with a thread for each processor, and adds one only twice a second.
        ThreadPool.GetMinThreads(out int workers, out int ports);
        _ = ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + engine.KeptThreads), ports);

        builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning);
        IServiceCollection services = builder.Services;
        services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(options.DrainSeconds) + AfterDrain);
        services.AddSeedance(given =>
        {
            given.Pack = seedance.Pack;
            given.Pipeline = seedance.Pipeline;
        });
        services.TryAddSingleton(TimeProvider.System);
        _ = services.AddSingleton(options).AddSingleton(planner).AddSingleton(engine)
            .AddSingleton(_ => files) // by a factory, so that the container disposes it
            .AddPooledDbContextFactory<JobDatabase>(engine.Configure)
            .AddSingleton<JobStore>().AddSingleton<JobSignal>().AddSingleton<JobNews>().AddSingleton<ProgressBoard>().AddSingleton<Readiness>().AddSingleton<ServerMeter>().AddSingleton<SignedLinks>()
            .AddHostedService<StoreOpening>().AddHostedService<CallbackSender>();
        Telemetry.Add(services, options);
    }

    /// <summary>Makes the videos of the jobs, as they come in the store or from the broker.</summary>
    public static void AddMaking(IServiceCollection services) => services
        .AddSingleton<IJobLine>(provider => provider.GetRequiredService<ServerOptions>().IsCluster
            ? ActivatorUtilities.CreateInstance<BrokerLine>(provider)
            : provider.GetRequiredService<JobStore>())
        .AddSingleton(provider => ActivatorUtilities.CreateInstance<JobBroker>(provider, provider.GetRequiredService<JobSignal>()))
        .AddSingleton<VideoMaker>().AddHostedService<JobWorker>();

    /// <summary>Leaves making to workers: offers the jobs to them, and takes them from those that are gone.</summary>
    public static void AddDispatching(IServiceCollection services) => services
        .AddSingleton(provider => new JobBroker(provider.GetRequiredService<ServerOptions>(), signal: null, provider.GetRequiredService<ILogger<JobBroker>>()))
        .AddHostedService<JobDispatcher>().AddHostedService<JobWatch>();
}
