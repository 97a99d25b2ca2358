using System.Collections.Immutable;

namespace Seedance.Onnx.Requests;

/// <summary>One row of the transformer's batch.</summary>
/// <param name="Captions">Its texts, one for each shot; a single one that is said of no shot in particular for what guidance leads away from.</param>
/// <param name="SeesImages">Whether its condition channels hold the plan's images; they are 0 otherwise.</param>
public sealed record PlannedBranch(ImmutableArray<string> Captions, bool SeesImages)
{
    /// <summary>The texts as one.</summary>
    public string Text => string.Join(' ', Captions);
}
