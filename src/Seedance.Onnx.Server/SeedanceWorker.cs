using Seedance.Onnx.Hosting;

namespace Seedance.Onnx.Server;

/// <summary>A worker: makes the videos that servers took in, on any machine that reaches their store, their broker and their data folder. It listens nowhere.</summary>
public static class SeedanceWorker
{
    /// <summary>Makes a worker that is ready to be started. The pack's contract is read and the data folder opened; the graphs are loaded once it runs, unless the caller asks for the pipeline before.</summary>
    /// <param name="options">What its owner decides: store, broker and data folder are those of the servers.</param>
    /// <param name="configure">Sets the pack, and how its pipeline runs.</param>
    /// <returns>The worker; the caller disposes it.</returns>
    /// <exception cref="HostSettingsException">The options cannot be: no store and broker, or a data folder that cannot be used.</exception>
    /// <exception cref="ModelPackException">The folder is no usable pack.</exception>
    public static IHost Create(ServerOptions options, Action<SeedanceOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(configure);
        NodeServices.RequireStoreAndBroker(options, isWorker: true);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        NodeServices.Add(builder, options, configure);
        NodeServices.AddMaking(builder.Services);
        return builder.Build();
    }
}
