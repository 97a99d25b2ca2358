namespace Seedance.Onnx.Requests;

/// <summary>An image of a plan, and where the transformer is given it.</summary>
/// <param name="Kind">What it is to the video.</param>
/// <param name="Image">The image; null for a frame that a window goes on from, which is there only when the window is made.</param>
/// <param name="Frame">
/// The frame of the clip that it is, from 0. Where images are encoded alone, a latent frame of several frames is given by its last, as the transformer was trained: there a
/// later shot's image shows at the last frame of that shot's first group.
/// </param>
/// <param name="LatentFrame">The latent frame that holds it.</param>
public sealed record PlannedCondition(ConditionKind Kind, ImageSource? Image, int Frame, int LatentFrame);
