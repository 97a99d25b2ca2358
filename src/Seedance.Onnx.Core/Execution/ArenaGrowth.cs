namespace Seedance.Onnx.Execution;

/// <summary>How much a provider asks the card for when it needs more memory.</summary>
public enum ArenaGrowth
{
    /// <summary>"same_as_requested": what is needed and no more.</summary>
    SameAsRequested,

    /// <summary>"next_power_of_two": up to twice as much, so that it asks less often.</summary>
    NextPowerOfTwo,
}
