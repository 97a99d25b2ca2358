namespace Seedance.Onnx.Packs;

/// <summary>What a group of the transformer's input channels carries.</summary>
public enum ChannelKind
{
    /// <summary>"noisy": the latents at the current noise level.</summary>
    Noisy,

    /// <summary>"mask": 1 where the condition is given, 0 elsewhere.</summary>
    Mask,

    /// <summary>"condition": normalised latents of given frames, 0 elsewhere.</summary>
    Condition,
}
