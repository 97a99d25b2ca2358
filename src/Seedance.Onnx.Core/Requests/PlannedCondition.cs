namespace Seedance.Onnx.Requests;

/// <summary>An image of a plan, and where the transformer is given it.</summary>
/// <param name="Kind">What it is to the video.</param>
/// <param name="Image">The image.</param>
/// <param name="LatentFrame">
/// The latent frame whose mask is 1 and whose condition channels hold the image, encoded as a clip of one frame. A latent frame of several frames is given by its last, as the
/// transformer was trained.
/// </param>
public sealed record PlannedCondition(ConditionKind Kind, ImageSource Image, int LatentFrame);
