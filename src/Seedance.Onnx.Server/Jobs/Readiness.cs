namespace Seedance.Onnx.Server.Jobs;

/// <summary>Whether this server can make videos now.</summary>
internal sealed class Readiness(IHostApplicationLifetime lifetime)
{
    /// <summary>Whether the graphs are loaded, or others load them.</summary>
    public bool PackIsOpen { get; set; }

    /// <summary>What is in the way: the pack cannot be opened, the store not be reached; null where nothing is.</summary>
    public string? Problem { get; set; }

    /// <summary>Cancelled when the server is told to end: before open requests are waited for, which may take as long as their clients like.</summary>
    public CancellationToken Ending => lifetime.ApplicationStopping;

    /// <summary>Whether the server was told to end.</summary>
    public bool Ends => Ending.IsCancellationRequested;

    /// <summary>Why it is not ready; null if it is.</summary>
    public string? WhyNot => Ends ? "The server ends: it takes no more jobs." : Problem ?? (PackIsOpen ? null : "The pack is being opened.");
}
