using System.Runtime.CompilerServices;
using Xunit.Abstractions;

namespace Seedance.Onnx.Server;

/// <summary>Servers that are gone leave nothing behind in their process.</summary>
[Collection(RunsAlone.Name)]
[Trait("Tier", "Graph")]
public sealed class ServerLifetimeTests(ITestOutputHelper output)
{
    private const int Servers = 10;

    // What the process keeps for the next one, such as the last of a pool.
    private const int MostAlive = 1;

    [SkippableFact]
    public async Task DisposeAsync_OfTenServers_LeavesNoneAlive()
    {
        List<WeakReference> gone = [await RunAsync()]; // the first one makes what all of them share
        long before = Collected();
        while (gone.Count < Servers)
        {
            gone.Add(await RunAsync());
        }

        long after = Collected();
        int alive = gone.Count(reference => reference.IsAlive);
        output.WriteLine($"{alive} of {Servers} alive, heap {before >> 10} KiB → {after >> 10} KiB");
        Assert.True(alive <= MostAlive, $"{alive} of {Servers} are alive");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> RunAsync()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        _ = await server.WaitForAsync(await server.SubmitAsync(), "completed");
        return new WeakReference(server.Services);
    }

    private static long Collected()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
