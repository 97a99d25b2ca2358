namespace Seedance.Onnx.Packs;

/// <summary>What a group of the transformer's input channels carries.</summary>
public enum ChannelKind
{
    /// <summary>"noisy": the latents at the current noise level.</summary>
    Noisy,

    /// <summary>"mask": 1 where an image is given, 0 elsewhere; one channel for whole latent frames, or one for each frame of a latent frame's group.</summary>
    Mask,

    /// <summary>"condition": normalised latents of given frames, and of the others what <see cref="AbsentFrames"/> says.</summary>
    Condition,
}
