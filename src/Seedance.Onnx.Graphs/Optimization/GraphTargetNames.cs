namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>The names of targets, as people write them.</summary>
public static class GraphTargetNames
{
    private static readonly GraphTarget[] Targets = Enum.GetValues<GraphTarget>();

    /// <summary>Every name: cpu, cuda, tensorrt, webgpu.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Targets.Select(ToName)];

    /// <summary>The name of a target.</summary>
    /// <param name="target">The target.</param>
    /// <returns>Its name, lower case.</returns>
    public static string ToName(this GraphTarget target) => target.ToString().ToLowerInvariant();

    /// <summary>Reads a target's name.</summary>
    /// <param name="name">One of <see cref="All"/>, in any case; anything else, null too, is no name.</param>
    /// <param name="target">The target; <see cref="GraphTarget.Cpu"/> when the answer is false.</param>
    /// <returns>Whether it is a target's name.</returns>
    public static bool TryParse(string? name, out GraphTarget target)
    {
        int index = Array.FindIndex(Targets, known => string.Equals(known.ToName(), name, StringComparison.OrdinalIgnoreCase));
        target = index < 0 ? default : Targets[index];
        return index >= 0;
    }
}
