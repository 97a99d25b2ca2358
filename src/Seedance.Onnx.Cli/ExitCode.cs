namespace Seedance.Onnx.Cli;

/// <summary>What the program ends with; README.md tells users.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>The command line, or what it asks for, is not possible.</summary>
    public const int Usage = 2;

    /// <summary>The pack, or the graph's file, cannot be used.</summary>
    public const int Pack = 3;

    /// <summary>A graph, FFmpeg or the disk failed.</summary>
    public const int Run = 4;

    /// <summary>Something that must be installed is missing.</summary>
    public const int Environment = 5;

    /// <summary>Ctrl-C or SIGTERM, as shells report an interrupt.</summary>
    public const int Cancelled = 130;
}
